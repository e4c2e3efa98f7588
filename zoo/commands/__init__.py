"""The commands, one public file each: its ``command`` parses, calls the workflow of its name, and shows.

A new file here is a new command. ``_group.py`` finds it by name, lists it in the section that its ``GROUP``
names, and turns errors into one line; ``_options.py`` has the options that commands share.
"""

from ._group import Commands

__all__ = ["Commands"]
