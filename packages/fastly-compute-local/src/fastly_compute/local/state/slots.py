"""A key in the cache: its variants, and the transactions that wait for them."""

from dataclasses import dataclass, field

from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state.cached_object import CachedObject
from fastly_compute.local.state.transaction import Obligation, Transaction
from fastly_compute.local.state.vary import NO_VARY, Variant, VaryRule


@dataclass(slots=True)
class Slot:
    """One variant of a key."""

    present: CachedObject | None = None
    obligation: Obligation | None = None
    passes_until: int = 0

    def store(self, present: CachedObject) -> None:
        """Put an object in the place of the present one."""
        self.present = present

    def clear(self) -> None:
        """Remove the object."""
        self.present = None

    def pass_until(self, moment: int) -> None:
        """Let lookups until a moment neither wait nor get an obligation; 0 ends that."""
        self.passes_until = moment

    def oblige(self, obligation: Obligation) -> None:
        """Have an obligation store the next object."""
        self.obligation = obligation

    def release(self, obligation: Obligation) -> None:
        """Forget an obligation, if it is still the one to store the next object."""
        if self.obligation is obligation:
            self.obligation = None

    def live(self) -> CachedObject | None:
        """The object, unless its body was aborted."""
        if self.present is not None and self.present.body.failed:
            self.clear()
        return self.present


@dataclass(slots=True)
class CacheEntry:
    """The variants of a key, the rules that tell them apart (latest first), and who is waiting."""

    rules: list[VaryRule] = field(default_factory=lambda: [NO_VARY])
    slots: dict[Variant, Slot] = field(default_factory=dict)
    waiters: list[Transaction] = field(default_factory=list)

    def prefer(self, rule: VaryRule) -> None:
        """Make a rule the latest one."""
        if rule in self.rules:
            self.rules.remove(rule)
        self.rules.insert(0, rule)

    def variants(self, headers: RawHeaders) -> list[Variant]:
        """Return the variants that may serve a request or be waited for."""
        return [rule.variant(headers) for rule in self.rules]

    def slot(self, variant: Variant) -> Slot:
        """Return the slot of a variant."""
        return self.slots.setdefault(variant, Slot())

    def matching(self, headers: RawHeaders) -> list[tuple[Variant, Slot]]:
        """Return the variants that may serve a request or be waited for, with their slots."""
        pairs = ((variant, self.slots.get(variant)) for variant in self.variants(headers))
        return [(variant, slot) for variant, slot in pairs if slot is not None]

    def tidy(self, now: int) -> bool:
        """Drop the empty variants, and return whether the whole entry is empty."""
        idle = [
            variant
            for variant, slot in self.slots.items()
            if slot.live() is None and slot.obligation is None and slot.passes_until <= now
        ]
        for variant in idle:
            del self.slots[variant]
        return not self.slots and not self.waiters
