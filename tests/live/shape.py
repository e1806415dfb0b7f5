"""Checks JSON against a shape as strictly as the real APIs do.

A shape is: a type (str, int, float, bool) · None for null · ... for anything · {a literal, ...} · [shape] a list ·
(shape, shape) any of them · {"name": shape, "other?": shape} an object without further members · a function that
returns a text of what is wrong, or nothing · Tagged."""


class Bad(Exception):
    """The request is not what the dialect wants."""

    def __init__(self, path, why):
        super().__init__(f"{path or 'body'}: {why}")
        self.path, self.why = path, why


class Tagged:
    """An object whose member `tag` says which shape it has."""

    def __init__(self, tag, **shapes):
        self.tag, self.shapes = tag, shapes

    def check(self, value, path):
        if not isinstance(value, dict) or self.tag not in value:
            raise Bad(path, f"must be an object with {self.tag}")
        kind = value[self.tag]
        if kind not in self.shapes:
            raise Bad(f"{path}.{self.tag}", f"unknown value {kind!r}")
        check({self.tag: str, **self.shapes[kind]}, value, path)


def check(shape, value, path=""):
    if shape is ...:
        return
    if isinstance(shape, Tagged):
        shape.check(value, path)
    elif isinstance(shape, dict):
        members(shape, value, path)
    elif isinstance(shape, tuple):
        any_of(shape, value, path)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise Bad(path, f"must be a list, not {value!r}")
        for i, item in enumerate(value):
            check(shape[0], item, f"{path}[{i}]")
    elif isinstance(shape, (set, frozenset)):
        if value not in shape:
            raise Bad(path, f"{value!r} is not one of {sorted(map(str, shape))}")
    elif shape is None:
        if value is not None:
            raise Bad(path, "must be null")
    elif isinstance(shape, type):
        scalar(shape, value, path)
    elif why := shape(value):
        raise Bad(path, why)


def scalar(kind, value, path):
    ok = isinstance(value, (int, float) if kind is float else kind)
    if not ok or (isinstance(value, bool) and kind is not bool):
        raise Bad(path, f"must be {kind.__name__}, not {value!r}")


def members(shape, value, path):
    if not isinstance(value, dict):
        raise Bad(path, f"must be an object, not {value!r}")
    known = {name.rstrip("?"): sub for name, sub in shape.items()}
    for name in value:
        if name not in known:
            raise Bad(f"{path}.{name}".lstrip("."), "unknown field")
    for name in shape:
        if not name.endswith("?") and name not in value:
            raise Bad(f"{path}.{name}".lstrip("."), "is missing")
    for name, item in value.items():
        check(known[name], item, f"{path}.{name}".lstrip("."))


def any_of(shapes, value, path):
    faults = []
    for shape in shapes:
        try:
            return check(shape, value, path)
        except Bad as bad:
            faults.append(bad)
    raise max(faults, key=lambda bad: len(bad.path))    # the alternative that went deepest


def number(low, high):
    def within(value):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            return f"must be a number from {low} to {high}, not {value!r}"
    return within


def whole(low, high=2 ** 53):
    def within(value):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return f"must be a whole number from {low} to {high}, not {value!r}"
    return within


def matches(pattern):
    import re
    compiled = re.compile(pattern, re.S)

    def fits(value):
        if not isinstance(value, str) or not compiled.fullmatch(value):
            return f"must match {pattern}, not {value!r}"
    return fits


def an_object(value):
    if not isinstance(value, dict):
        return f"must be an object, not {value!r}"


def filled(value):
    if not isinstance(value, str) or not value.strip():
        return "must be a text that is not blank"
