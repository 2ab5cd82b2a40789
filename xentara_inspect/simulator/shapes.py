"""Whether parameters are what the protocol's table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import cbor2

from xentara_inspect import protocol, schema
from xentara_inspect.simulator.errors import Refused
from xentara_inspect.simulator.wire import NIL, integer


def checked_parameters(command: schema.Command, parameters: Any) -> Mapping[int, Any]:
    """The parameters of a request; left out, they are none. Raises Refused(-32602)."""
    if command.parameters is None:
        return {}
    values = {} if parameters is None else parameters
    if not _is_object(command.parameters, values):
        raise Refused(protocol.INVALID_PARAMETER)
    checked: Mapping[int, Any] = values
    return checked


def _conforms(shape: schema.Shape, value: Any) -> bool:
    return _CHECKS[type(shape)](shape, value)


def _is_integer(shape: schema.Integer, value: Any) -> bool:
    # Whether a number means something is for the command to say: it has the better text.
    number = integer(value)
    return number is not None and not (shape.unsigned and number < 0)


def _is_text(shape: schema.Text, value: Any) -> bool:
    return isinstance(value, str) and (shape.may_be_empty or value != "")


def _is_uuid(shape: schema.Uuid, value: Any) -> bool:
    return isinstance(value, UUID) and (shape.may_be_nil or value != NIL)


def _is_attribute(_: schema.AttributeId, value: Any) -> bool:
    return isinstance(value, UUID) or integer(value) is not None


def _is_array(shape: schema.ArrayOf, value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return False
    return all(_conforms(shape.element, element) for element in value)


def _is_object(shape: schema.Object, value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    for field in shape.fields:
        if field.key in value:
            if not _conforms(field.shape, value[field.key]):
                return False
        elif not field.optional:
            return False
    return True


def _is_alternative(shape: schema.Alternatives, value: Any) -> bool:
    if not isinstance(value, cbor2.CBORTag) or value.tag not in shape.by_tag:
        return False
    return _conforms(shape.by_tag[value.tag].shape, value.value)


_CHECKS: Final[dict[type, Callable[[Any, Any], bool]]] = {
    schema.Anything: lambda _, __: True,
    schema.Integer: _is_integer,
    schema.Boolean: lambda _, value: isinstance(value, bool),
    schema.Text: _is_text,
    schema.Bytes: lambda _, value: isinstance(value, bytes),
    schema.Uuid: _is_uuid,
    schema.AttributeId: _is_attribute,
    schema.ArrayOf: _is_array,
    schema.Object: _is_object,
    schema.Alternatives: _is_alternative,
}
