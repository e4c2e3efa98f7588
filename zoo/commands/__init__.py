"""The commands, one public file each: its ``command`` parses, calls one function and prints.

A new file here is a new command; ``_group.py`` finds it by name and turns bad input into one line.
"""
