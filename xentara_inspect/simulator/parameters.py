"""Whether parameters are what the protocol's table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import cbor2

from xentara_inspect.protocol import error_codes, shape_types
from xentara_inspect.simulator.refusals import Refused
from xentara_inspect.simulator.wire import NIL, integer


def checked_parameters(command: shape_types.Command, parameters: Any) -> Mapping[int, Any]:
    """The parameters of a request; left out, they are none. Raises Refused(-32602)."""
    if command.parameters is None:
        return {}
    values = {} if parameters is None else parameters
    if not _is_object(command.parameters, values):
        raise Refused(error_codes.INVALID_PARAMETER)
    checked: Mapping[int, Any] = values
    return checked


def _conforms(shape: shape_types.Shape, value: Any) -> bool:
    return _CHECKS[type(shape)](shape, value)


def _is_integer(shape: shape_types.Integer, value: Any) -> bool:
    # Whether a number means something is for the command to say: it has the better text.
    number = integer(value)
    return number is not None and not (shape.unsigned and number < 0)


def _is_text(shape: shape_types.Text, value: Any) -> bool:
    return isinstance(value, str) and (shape.may_be_empty or value != "")


def _is_uuid(shape: shape_types.Uuid, value: Any) -> bool:
    return isinstance(value, UUID) and (shape.may_be_nil or value != NIL)


def _is_attribute(_: shape_types.AttributeId, value: Any) -> bool:
    return isinstance(value, UUID) or integer(value) is not None


def _is_array(shape: shape_types.ArrayOf, value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return False
    return all(_conforms(shape.element, element) for element in value)


def _is_object(shape: shape_types.Object, value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    for field in shape.fields:
        if field.key in value:
            if not _conforms(field.shape, value[field.key]):
                return False
        elif not field.optional:
            return False
    return True


def _is_alternative(shape: shape_types.Alternatives, value: Any) -> bool:
    if not isinstance(value, cbor2.CBORTag) or value.tag not in shape.by_tag:
        return False
    return _conforms(shape.by_tag[value.tag].shape, value.value)


_CHECKS: Final[dict[type, Callable[[Any, Any], bool]]] = {
    shape_types.Anything: lambda _, __: True,
    shape_types.Integer: _is_integer,
    shape_types.Boolean: lambda _, value: isinstance(value, bool),
    shape_types.Text: _is_text,
    shape_types.Bytes: lambda _, value: isinstance(value, bytes),
    shape_types.Uuid: _is_uuid,
    shape_types.AttributeId: _is_attribute,
    shape_types.ArrayOf: _is_array,
    shape_types.Object: _is_object,
    shape_types.Alternatives: _is_alternative,
}
