"""The systems that are installed as plug-ins, behind the ports of source and destination."""
