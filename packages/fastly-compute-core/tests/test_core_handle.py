import copy
import gc
import pickle
import weakref

import pytest

from fastly_compute.core import FastlyComputeError, Handle, HandleClosed


class Dropped:
    """A resource like those of the bindings, which counts how often it is dropped."""

    def __init__(self):
        self.drops = 0

    def __exit__(self, exc_type, exc_value, traceback):
        self.drops += 1


class Thing(Handle[Dropped]):
    __slots__ = ()

    _created_by = "Thing.open"

    @classmethod
    def open(cls, resource):
        return cls._wrap(resource)

    def use(self):
        return self._resource

    def send(self):
        return self._detach("was already sent")


def test_a_handle_cannot_be_created_directly():
    with pytest.raises(TypeError, match=r"^Thing cannot be created directly: use Thing\.open$"):
        Thing()


def test_leaving_a_with_block_closes_it():
    resource = Dropped()

    with Thing.open(resource) as thing:
        assert thing.use() is resource
        assert not thing.closed

    assert thing.closed
    assert resource.drops == 1


def test_it_is_dropped_once_however_often_it_is_closed():
    resource = Dropped()
    thing = Thing.open(resource)

    thing.close()
    thing.close()
    with thing:
        pass

    assert resource.drops == 1


def test_use_after_closing_is_an_error_and_not_a_trap():
    thing = Thing.open(Dropped())
    thing.close()

    with pytest.raises(HandleClosed, match=r"^this Thing is closed$") as caught:
        thing.use()
    assert isinstance(caught.value, FastlyComputeError)
    assert isinstance(caught.value, ValueError)


def test_a_handle_that_was_handed_over_says_so_and_is_not_dropped():
    resource = Dropped()
    thing = Thing.open(resource)

    assert thing.send() is resource
    assert thing.closed
    with pytest.raises(HandleClosed, match=r"^this Thing was already sent$"):
        thing.send()
    thing.close()
    assert resource.drops == 0


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_copy_is_refused_because_it_would_be_dropped_twice(duplicate):
    thing = Thing.open(Dropped())

    with pytest.raises(TypeError, match=r"^Thing is owned by the host: cannot be copied or "):
        duplicate(thing)


def test_a_handle_can_be_referred_to_weakly():
    thing = Thing.open(Dropped())
    reference = weakref.ref(thing)
    del thing
    gc.collect()

    assert reference() is None
