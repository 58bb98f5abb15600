"""Tests for plug-ins of gleanin-sync: subclass a suite, and say what your plug-in can do."""
