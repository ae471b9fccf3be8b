"""Persons who look alike over all their visits are one, where looks tell people apart."""

from dataclasses import replace

import numpy as np

from pipelines.association.gathering import gathered
from pipelines.association.visits import Returns, Visits

PEOPLE, VISITS = 60, 6
Ints = np.ndarray


def crowd(spread: float, kinds: int = PEOPLE) -> tuple[Visits, Ints]:
    """Visits of 20 s, and whose each is: a person's own follow each other; people look like one of so many kinds, but for `spread`."""
    random = np.random.default_rng(3)
    who = np.repeat(np.arange(PEOPLE), VISITS)
    start_s = np.tile(np.arange(VISITS) * 100.0, PEOPLE) + random.uniform(0, 50, len(who))
    looks = random.normal(size=(kinds, 12))[who % kinds] + spread * random.normal(size=(len(who), 12))
    cameras = random.integers(0, 4, len(who))
    return Visits(start_s, start_s + 20, cameras, cameras, looks, np.zeros(4, int), np.zeros((4, 2))), who


def halves(who: Ints) -> Returns:
    """Everybody is two: the first visits, and the rest."""
    late = np.arange(len(who)) % VISITS >= VISITS // 2
    nothing = np.full(len(who), np.nan)
    return Returns(2 * who + late, np.full(len(who), -1), nothing, nothing, np.zeros(len(who), bool))


def nobody_is_named(visits: Visits) -> Ints:
    return np.full(len(visits), -1)


def same_people(person: Ints, who: Ints) -> bool:
    return (
        len(set(zip(person.tolist(), who.tolist(), strict=True))) == len(set(person.tolist())) == len(set(who.tolist()))
    )


def test_halves_of_one_person_are_joined_by_all_their_looks() -> None:
    visits, who = crowd(spread=0.3)
    came = gathered(visits, nobody_is_named(visits), halves(who))
    assert same_people(came.person, who)
    joined = np.flatnonzero(came.before >= 0)
    assert len(joined) == PEOPLE
    assert (who[joined] == who[came.before[joined]]).all()
    assert (visits.end_s[came.before[joined]] < visits.start_s[joined]).all()
    assert (came.probability[joined] >= 0.9).all()


def test_where_many_look_like_others_who_are_in_view_at_the_same_time_nobody_is_joined() -> None:
    visits, who = crowd(spread=0.3, kinds=5)
    before = halves(who)
    assert (gathered(visits, nobody_is_named(visits), before).person == before.person).all()


def test_two_names_stay_two_however_alike_they_look() -> None:
    visits, who = crowd(spread=0.3)
    apart = halves(who)
    named = np.where(who == 7, apart.person, -1)
    person = gathered(visits, named, apart).person
    assert len(set(person[who == 7].tolist())) == 2
    assert same_people(person[who != 7], who[who != 7])


def test_who_is_in_view_at_one_time_is_two() -> None:
    visits, who = crowd(spread=0.3)
    mine = np.flatnonzero(who == 7)
    start_s = visits.start_s.copy()
    start_s[mine[VISITS // 2]] = start_s[mine[0]] + 5
    visits = replace(visits, start_s=start_s, end_s=start_s + 20)
    person = gathered(visits, nobody_is_named(visits), halves(who)).person
    assert len(set(person[mine].tolist())) == 2
    assert same_people(person[who != 7], who[who != 7])
