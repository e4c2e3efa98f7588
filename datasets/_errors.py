"""The one error that means: the user's input is wrong, and this is what to do."""


class InputError(ValueError):
    """Bad input. The message is one line: what was expected, what came, what to do next.

    The command line prints it on stderr without a traceback and exits with code 2.
    """


def unknown_name(kind: str, name: str, known) -> InputError:
    """An error that quotes an unknown name and offers the nearest known ones."""
    from difflib import get_close_matches

    known = [str(k) for k in known]
    lowered = {k.lower(): k for k in known}
    near = [lowered[k] for k in get_close_matches(name.lower(), list(lowered), n=3, cutoff=0.5)]
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = "there are: " + ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return InputError(f"no {kind} {name!r}; {hint}")
