"""Every small change of a module's behaviour that `mutate.py` can make: one operator, constant,
condition, argument or statement.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
}
_NAME = re.compile(r"[A-Za-z0-9_.:/+-]+")
"""Texts that programs read. The others are messages, and tests leave their wording free."""

_CATALOGUES = {"COMMON", "texts"}
"""Names of dicts whose values are texts for people, by key."""

_FOR_TYPES = {"cast", "TypeVar", "Literal", "ParamSpec", "getLogger", "NewType", "ConfigDict"}


@dataclass(frozen=True)
class Change:
    """One change: the bytes from `start` to `end` of a module become `new`."""

    path: str
    scope: str
    """The class and function that the change is in."""
    lines: range
    start: int
    end: int
    old: str
    new: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The change without its place, which moves."""
        return self.path, self.scope, self.old, self.new

    def __str__(self) -> str:
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        pairs = enumerate(zip(old, new.removeprefix("("), strict=False))
        place = next((index for index, (one, other) in pairs if one != other), len(old))
        where = f"{self.path}:{self.lines.start} {self.scope}"
        return f"{where}: {_short(old, place)} → {_short(new, place)}"

    def apply(self, source: bytes) -> bytes:
        """Return the changed source of the module."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def changes_in(path: str, source: bytes) -> list[Change]:
    """Return all changes of a module, in the order of its text."""
    reader = _Reader(path, source)
    reader.visit(ast.parse(source))
    return sorted(reader.found, key=lambda change: (change.start, change.end, change.new))


class _Reader(ast.NodeVisitor):
    """Collects the changes of a module, except in texts and types that no behaviour depends on."""

    def __init__(self, path: str, source: bytes) -> None:
        self.found: list[Change] = []
        self._path = path
        self._source = source
        self._line_starts = [0]
        for line in source.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))
        self._scope: list[str] = []
        self._raising = False

    def visit(self, node: ast.AST) -> None:
        """Collect the changes of a node and of those below it."""
        raising, self._raising = self._raising, self._raising or isinstance(node, ast.Raise)
        for new in _variants(node):
            if not (self._raising and _is_text(node)):  # a message
                self._add(node, new)
        for child in _parts(node):
            inner = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if inner:
                self._scope.append(child.name)
            self.visit(child)
            if inner:
                self._scope.pop()
        self._raising = raising

    def _add(self, node: ast.AST, new: ast.AST) -> None:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._line_starts[node.lineno - 1] + node.col_offset
        end = self._line_starts[node.end_lineno - 1] + node.end_col_offset
        text = ast.unparse(new)
        self.found.append(
            Change(
                self._path,
                ".".join(self._scope) or "module",
                range(node.lineno, node.end_lineno + 1),
                start,
                end,
                ast.unparse(node),
                f"({text})" if isinstance(new, ast.expr) else text,
            )
        )


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below this one, except those that no behaviour depends on."""
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.Call) and _name_of(node.func) in _FOR_TYPES:
        return
    if _is_logging(node):
        return
    if isinstance(node, ast.Subscript) and _name_of(node.value) in _FOR_TYPES:
        return
    if isinstance(node, ast.If) and _name_of(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.FunctionDef) and node.name == "__repr__":
        return
    if isinstance(node, ast.Assign) and _name_of(node.targets[0]) in ("__all__", "model_config"):
        return
    if isinstance(node, ast.AnnAssign) and _name_of(node.target) in _CATALOGUES:
        assert isinstance(node.value, ast.Dict)
        yield from filter(None, node.value.keys)
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield child


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                yield _with(
                    node,
                    ops=[*node.ops[:index], _COMPARISONS[type(operator)](), *node.ops[index + 1 :]],
                )
        case ast.BoolOp():
            yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
            for value in node.values:
                yield _only([each for each in node.values if each is not value], node.op)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            yield _with(node, op=_ARITHMETIC[type(node.op)]())
        case ast.IfExp():
            yield node.body
            yield node.orelse
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield ast.Constant(node.value + 1)
        case ast.Constant(value=str()) if _NAME.fullmatch(node.value):
            yield ast.Constant("XX")  # longer or shorter by a letter, a pattern might still match
        case ast.Call(keywords=[_, *_]) if _name_of(node.func) not in _FOR_TYPES:
            for keyword in node.keywords:
                if keyword.arg is not None:
                    yield _with(
                        node, keywords=[each for each in node.keywords if each is not keyword]
                    )
        case ast.Return(value=ast.expr()) if not _is_nothing(node.value):
            yield ast.Return(ast.Constant(None))
        case ast.Raise(cause=ast.Constant()):
            yield ast.Raise(node.exc, None)
            yield ast.Pass()
        case ast.Raise() | ast.AugAssign() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.Expr(value=ast.Call() | ast.Await() as call) if not _is_logging(call):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case _:
            return


def _only(values: list[ast.expr], operator: ast.boolop) -> ast.expr:
    return values[0] if len(values) == 1 else ast.BoolOp(operator, values)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _name_of(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_nothing(node: ast.expr) -> bool:
    """Return whether an expression is None, False or the like, which callers treat alike."""
    return isinstance(node, ast.Constant) and not node.value


def _is_logging(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name_of(node.func) in ("debug", "info", "warning")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _short(line: str, place: int) -> str:
    """Return at most 90 characters of a line: those around a place in it."""
    start = max(0, min(place - 40, len(line) - 90))
    shown = line[start : start + 90]
    return f"{'…' if start else ''}{shown}{'…' if start + 90 < len(line) else ''}"
