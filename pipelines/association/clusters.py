"""Which sightings of one moment are one person: the likeliest way to part them among people.

A cluster is one person and holds at most one sighting of a camera. A parting is as likely, against everybody being seen by one
camera only, as the sum of the log-likelihood ratios with which the sightings of each cluster join one after the other: log(floor
per person) + `UNSEEN` for each camera there + log N(difference of places; 0, both noises) + how well the looks agree (a two-covariance score,
`models.vision.tracker.identity`). The best parting is an S-dimensional assignment, NP-hard from three cameras on. As in Deb et
al. 1997 ("A generalized S-D assignment algorithm for multisensor-multitarget state estimation") and Collins 2012
("Multitarget data association with higher-order motion models") one camera at a time is assigned anew, at best, with the others
held: that never lowers the sum. Where two people meet, merging the nearest sightings first mixes them up for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from models.vision.tracker.linking import best_pairs
from models.vision.tracker.motion import squared_distance
from pipelines.association.tracklets import Floats, Indices, Ints, Sightings

UNSEEN = 0.7
"""What it says against a person, nats, that one of the cameras that see somebody there does not see them: as likely as not, it would."""
ROUNDS = 6
"""So often at the most all cameras are assigned anew; two or three times are enough nearly always."""
NONE = -1


class Sums(NamedTuple):
    """n clusters: summed `information` (n, 2, 2) and `pull` (n, 2) (information times place), `looks` (n, c), `prior` (n,), the log
    odds before looking that two sightings are one person, and how many `sightings` (n,) they are.
    """

    information: Floats
    pull: Floats
    prior: Floats
    looks: Floats
    sightings: Floats

    @classmethod
    def of(cls, seen: Sightings, cameras: int) -> "Sums":
        """Each sighting by itself, where so many cameras see somebody."""
        information = np.asarray(np.linalg.inv(seen.noise_m2))
        pull = np.einsum("nij,nj->ni", information, seen.xy_m)
        return cls(information, pull, seen.log_room + UNSEEN * cameras, seen.looks, np.ones(len(seen)))

    def take(self, rows: Indices | slice) -> "Sums":
        """Some of them."""
        return Sums(*(column[rows] for column in self))

    def by(self, label: Indices) -> "Sums":
        """The sums of all with one label, from 0 on; without those whose label is `NONE`."""
        own = (np.arange(label.max() + 1)[:, None] == label[None, :]).astype(np.float64)
        return Sums(*((own @ column.reshape(len(label), -1)).reshape(len(own), *column.shape[1:]) for column in self))


def joining(some: Sums, others: Sums, variances: Variances) -> Floats:
    """Log-likelihood ratio, (n,) nats, of each of `some` being one person with that of `others`, against two."""
    noise_m2, other_m2 = _inverse(some.information), _inverse(others.information)
    away_m = np.einsum("nij,nj->ni", noise_m2, some.pull) - np.einsum("nij,nj->ni", other_m2, others.pull)
    prior = (some.prior / some.sightings + others.prior / others.sightings) / 2
    return np.asarray(prior + _log_density(away_m, noise_m2 + other_m2) + _alike(some, others, variances))


def parted(own: Sightings, variances: Variances) -> tuple[Indices, Floats]:
    """The cluster, (n,) from 0, of each sighting of one moment, and the log-likelihood ratio of each cluster, (k,); 0 for a single one."""
    cameras = len(np.unique(own.camera))
    moment = _Moment(Sums.of(own, cameras), own.camera, variances)
    one_by_one = moment.joins(np.arange(len(own)))
    if cameras == len(own) and (one_by_one > 0).all():
        return np.zeros(len(own), dtype=np.intp), one_by_one.sum(keepdims=True)
    found = moment.merged(np.arange(len(own)))
    if found.any() and not np.array_equal(found, other := moment.around_one_camera()):
        better = [moment.improved(start) for start in (found, other)]
        found = max(better, key=lambda label: moment.scores(label).sum())
    return found, moment.scores(found)


@dataclass(frozen=True)
class _Moment:
    """The sightings of one moment, of the cameras `camera` (n,), and how looks vary; a parting is a label for each, (n,)."""

    seen: Sums
    camera: Ints
    variances: Variances

    def merged(self, label: Indices) -> Indices:
        """The best pair of clusters merged, while that is likelier than two people."""
        while True:
            sums, views = self.seen.by(label), self._views(label)
            one, other = np.nonzero(np.triu(~(views @ views.T), 1))
            gains = joining(sums.take(one), sums.take(other), self.variances)
            if gains.max(initial=0.0) <= 0:
                return label
            best = gains.argmax()
            label = _numbered(np.where(label == other[best], one[best], label))

    def improved(self, label: Indices) -> Indices:
        """The parting after each camera in turn was assigned anew and what is left was merged, until nothing changes."""
        for _ in range(ROUNDS):
            before = label
            for mine in self._by_camera():
                label = self._assigned(np.where(np.isin(np.arange(len(label)), mine), NONE, label), mine)
            label = self.merged(label)
            if np.array_equal(label, before):
                break
        return label

    def around_one_camera(self) -> Indices:
        """A parting that starts from all whom the camera with the most sightings sees: they are different people."""
        label = np.full(len(self.camera), NONE)
        for mine in sorted(self._by_camera(), key=len, reverse=True):
            label = self._assigned(label, mine)
        return label

    def scores(self, label: Indices) -> Floats:
        """The log-likelihood ratio of each cluster, (k,): of its sightings joining one after the other."""
        return np.array([self.joins(np.flatnonzero(label == cluster)).sum() for cluster in range(label.max() + 1)])

    def joins(self, rows: Indices) -> Floats:
        """The log-likelihood ratio with which each of some sightings but the first joins those before it."""
        own = self.seen.take(rows)
        so_far = Sums(*(np.cumsum(column, axis=0) for column in own))
        return joining(so_far.take(slice(0, -1)), own.take(slice(1, None)), self.variances)

    def _assigned(self, label: Indices, mine: Indices) -> Indices:
        """The sightings `mine`, of one camera, given to the clusters of the others at best; those that fit nowhere stay alone."""
        label = _numbered(label)
        new = label.max() + 1 + np.arange(len(mine))
        if new[0]:
            clusters = self.seen.by(label)
            one, other = np.indices((len(mine), new[0])).reshape(2, -1)
            gains = joining(self.seen.take(mine[one]), clusters.take(other), self.variances)
            rows, columns = best_pairs(gains.reshape(len(mine), -1))
            new[rows] = columns
        label[mine] = new
        return _numbered(label)

    def _by_camera(self) -> Iterator[Indices]:
        yield from (np.flatnonzero(self.camera == number) for number in np.unique(self.camera))

    def _views(self, label: Indices) -> NDArray[np.bool_]:
        """Which cameras see each cluster, (k, cameras)."""
        cameras, of_row = np.unique(self.camera, return_inverse=True)
        views = np.zeros((label.max() + 1, len(cameras)), dtype=bool)
        views[label, of_row] = True
        return views


def _numbered(label: Indices) -> Indices:
    """The same parting, its labels 0.. by first row; `NONE` stays."""
    names, first, of_row = np.unique(label, return_index=True, return_inverse=True)
    first[names == NONE] = NONE
    rank = np.argsort(np.argsort(first)) - (names == NONE).any()
    return np.asarray(rank[of_row])


def _alike(some: Sums, others: Sums, variances: Variances) -> Floats:
    """Log-likelihood ratio by looks, (n,); what has no looks says nothing."""
    if not variances.between.any():
        return np.zeros(len(some.sightings))
    says: NDArray[np.bool_] = np.any(some.looks != 0, axis=1) & np.any(others.looks != 0, axis=1)
    scores = identity.score(variances, (some.looks, others.looks), (some.sightings, others.sightings))
    return np.where(says, scores, 0.0)


def _inverse(matrices: Floats) -> Floats:
    """Of symmetric 2x2 matrices, (n, 2, 2)."""
    xx, xy, _, yy = matrices.reshape(-1, 4).T
    return np.asarray(np.stack([yy, -xy, -xy, xx], axis=1) / (xx * yy - xy**2)[:, None]).reshape(-1, 2, 2)


def _log_density(away_m: Floats, noise_m2: Floats) -> Floats:
    """Log N(away; 0, noise) of n planar vectors, (n,)."""
    distance, determinant = squared_distance(away_m, noise_m2)
    return np.asarray(-np.log(2 * np.pi) - 0.5 * np.log(determinant) - 0.5 * distance)
