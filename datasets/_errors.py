"""The error for input that the user can correct."""

from collections.abc import Iterable


class InputError(ValueError):
    """The input is wrong and the user can correct it.

    The message is one line: what was expected, what was given, what to do. The command line prints it
    without a traceback and exits with code 2.

    Examples
    --------
    >>> from deepworth.datasets import InputError, load_dataset
    >>> try:
    ...     load_dataset("covertyp")
    ... except InputError as error:
    ...     print(error)
    no dataset 'covertyp'; did you mean covertype?
    """

    def __init__(self, message: str = "") -> None:
        # a name from the data may have line ends in it
        super().__init__(" ".join(str(message).splitlines()))


def unknown_name(kind: str, name: str, known: Iterable[object]) -> InputError:
    """An error for an unknown name that suggests similar known ones.

    Parameters
    ----------
    kind : str
        What the name stands for, such as "dataset".
    name : str
        The unknown name.
    known : iterable
        The known names.

    Returns
    -------
    InputError
        To be raised by the caller.

    Examples
    --------
    >>> from deepworth.datasets import unknown_name
    >>> print(unknown_name("metric", "roc_uac", ["roc_auc", "f1"]))
    no metric 'roc_uac'; did you mean roc_auc?
    """
    from difflib import get_close_matches

    names = [str(k) for k in known]
    lowered = {k.lower(): k for k in names}
    near = [lowered[k] for k in get_close_matches(name.lower(), list(lowered), n=3, cutoff=0.5)]
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = "choose from: " + ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return InputError(f"no {kind} {name!r}; {hint}")
