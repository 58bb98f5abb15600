"""Encryption of tokens, hashing of passwords, and signatures of links."""
