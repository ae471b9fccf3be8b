"""How much is won by saying that two pieces are one track."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from models.vision.tracker import identity, motion
from models.vision.tracker.identity import Variances
from models.vision.tracker.placing import Placed

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
MAX_GAP_S = 4.0
"""Longer gaps are left to the association. 2 s instead costs 15 to 22 points of IDF1 (measured)."""
MAX_SPEED_MPS = 2.5
MAX_DEVIATIONS = 2.5
"""Links are looked for within a fast walk, plus so many standard deviations of the two places."""
FIRST_MISS, NEXT_MISS = 2.0, 0.7
"""Cost, in nats, of the first sample between two detections at which the person was not detected, and of each more."""
BIRTH_AND_DEATH = 2.5
"""Nats saved by a link: one track fewer begins and ends."""


@dataclass(frozen=True)
class Beliefs:
    """What m track ends know, (m, 22 + c): all in one array, because they are taken and put far oftener than looked into."""

    rows: Floats

    @classmethod
    def of(cls, states: motion.States, count: Floats, doubt: Floats, cue_sums: Floats) -> "Beliefs":
        """From the parts; see the properties."""
        motions = (states.mean, states.covariance.reshape(-1, 16))
        return cls(np.concatenate([*motions, count[:, None], doubt[:, None], cue_sums], axis=1))

    @property
    def states(self) -> motion.States:
        """Where the person is and goes."""
        return motion.States(self.rows[:, :4], self.rows[:, 4:20].reshape(-1, 4, 4))

    @property
    def count(self) -> Floats:
        """How many detections they rest on, (m,)."""
        return self.rows[:, 20]

    @property
    def doubt(self) -> Floats:
        """What linking costs because the end is a single weak detection, (m,) nats."""
        return self.rows[:, 21]

    @property
    def cue_sums(self) -> Floats:
        """The sums of the detections' cues, (m, c)."""
        return self.rows[:, 22:]

    def take(self, index: Indices) -> "Beliefs":
        """Some of them."""
        return Beliefs(self.rows[index])

    def put(self, index: Indices, other: "Beliefs") -> None:
        """Overwrite some of them."""
        self.rows[index] = other.rows


@dataclass(frozen=True)
class Scene:
    """All that stays fixed while links change: placed detections, their cues (n, c), what each alone knows, the scales, the
    share of steps that are manoeuvres, and at which of the pictures looked at each detection was made, (n,).
    """

    placed: Placed
    cues: Floats
    alone: Beliefs
    variances: Variances
    log_area: float
    manoeuvres: float
    look: Indices

    def knowing(self, variances: Variances) -> "Scene":
        """The same scene with learned variances of the cues."""
        return replace(self, variances=variances)

    def near(self, earlier: Indices, later: Indices) -> tuple[Indices, Indices]:
        """Pairs (positions in `earlier`, positions in `later`) that one person could walk between."""
        placed = self.placed
        gap_s = placed.time_s[later][None, :] - placed.time_s[earlier][:, None]
        reach_m = MAX_SPEED_MPS * gap_s + MAX_DEVIATIONS * np.hypot(
            placed.spread_m[earlier][:, None], placed.spread_m[later][None, :]
        )
        away = placed.xy_m[earlier][:, None, :] - placed.xy_m[later][None, :, :]
        close = (away[..., 0] ** 2 + away[..., 1] ** 2 <= reach_m**2) & (gap_s > 0) & (gap_s <= MAX_GAP_S + 1e-6)
        one, other = np.nonzero(close)
        return one, other

    def gain(self, past: Beliefs, future: Beliefs, gap_s: Floats, missed: Indices) -> Floats:
        """Log-likelihood ratio, (m,) nats, of one track against two for track ends and track beginnings `gap_s` apart.

        `past` knows what came before and with its detection, `future` what comes with and after its own, in reversed time;
        `missed` is how many pictures were looked at between the two.
        """
        agreement = motion.log_meeting(past.states, motion.reverse(future.states), gap_s, self.manoeuvres)
        looks = identity.score(self.variances, (past.cue_sums, future.cue_sums), (past.count, future.count))
        saved = BIRTH_AND_DEATH - past.doubt - future.doubt - _price_of(missed)
        return np.asarray(self.log_area + agreement + looks + saved)

    def extended(self, beliefs: Beliefs, detection: Indices, gap_s: Floats) -> Beliefs:
        """Beliefs after one more detection each, `gap_s` away."""
        placed = self.placed
        seen = placed.xy_m[detection], placed.noise_m2[detection]
        states = motion.follow(beliefs.states, gap_s, *seen, self.manoeuvres)
        cue_sums = beliefs.cue_sums + self.cues[detection]
        return Beliefs.of(states, beliefs.count + 1, np.zeros(len(detection)), cue_sums)

    def apart(self, one: Indices, other: Indices) -> tuple[Floats, Indices]:
        """The time between two detections, (m,) s, and how many pictures were looked at between them, (m,)."""
        gap_s = np.abs(self.placed.time_s[other] - self.placed.time_s[one])
        return gap_s, np.maximum(np.abs(self.look[other] - self.look[one]) - 1, 0)


def _price_of(missed: Indices) -> Floats:
    return np.asarray(np.where(missed > 0, FIRST_MISS + NEXT_MISS * (missed - 1), 0.0))


def scene(
    placed: Placed,
    cues: Floats,
    area_m2: float,
    looked_s: Floats,
    *,
    manoeuvres: float = motion.MANOEUVRES,
) -> Scene:
    """The scene before anything is known of identities; `looked_s` (k,), ascending, are the times of all pictures looked at."""
    doubt = 0.5 * np.maximum(0.0, 2.5 - placed.strength)
    alone = Beliefs.of(motion.first(placed.xy_m, placed.noise_m2), np.ones(len(placed)), doubt, cues)
    variances = identity.nobody_differs(cues.shape[1])
    look = np.searchsorted(looked_s, placed.time_s - 1e-6)
    return Scene(placed, cues, alone, variances, float(np.log(area_m2)), manoeuvres, look)


def best_pairs(gains: Floats) -> tuple[Indices, Indices]:
    """Rows and columns of the matching with the largest sum (Hungarian); only positive gains are taken."""
    rows, columns = linear_sum_assignment(np.maximum(gains, 0.0), maximize=True)
    won = gains[rows, columns] > 0
    return rows[won], columns[won]
