/** Times as people of the mall read them: in its time zone, whatever the reader's own is. */

const MINUTE = 60_000;

export class Clock {
  #parts;
  #day;

  constructor(zone) {
    this.zone = zone;
    const whole = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    this.#parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...whole });
    this.#day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" });
  }

  /** The local reading of a moment, as date and time fields hold it: 2026-11-24T17:00:00. */
  wall(moment) {
    const { year, month, day, hour, minute, second } = Object.fromEntries(this.#parts.formatToParts(moment).map((one) => [one.type, one.value]));
    return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  }

  /** The moment of a local reading; of one that occurs twice the first, of one that a clock change skips one nearby. */
  moment(wall) {
    const reading = Date.parse(`${wall.length === 10 ? `${wall}T00:00` : wall}Z`);
    const earlier = reading - this.#offset(reading - 24 * 60 * MINUTE);
    return new Date(this.#offset(earlier) === reading - earlier ? earlier : reading - this.#offset(earlier));
  }

  /** The local day of a moment: 2026-11-24. */
  day(moment) {
    return this.wall(moment).slice(0, 10);
  }

  /** The day after a local day. */
  after(day) {
    return new Date(Date.parse(`${day}T00:00Z`) + 24 * 60 * MINUTE).toISOString().slice(0, 10);
  }

  /** 17:00, or 17:00:05 where the seconds count. */
  time(moment) {
    const clock = this.wall(moment).slice(11);
    return clock.endsWith(":00") ? clock.slice(0, 5) : clock;
  }

  date(moment) {
    return this.#day.format(moment);
  }

  /** 24 Nov 2026, 17:00. */
  dateAndTime(moment) {
    return `${this.date(moment)}, ${this.time(moment)}`;
  }

  /** 24 Nov 2026, 17:00 – 18:00; both dates where they differ. */
  span(from, to) {
    const end = this.day(from) === this.day(to) ? this.time(to) : this.dateAndTime(to);
    return `${this.dateAndTime(from)} – ${end}`;
  }

  /** A text in which every exact time is written as the mall's clocks show it. */
  reworded(text) {
    const exact = /\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
    return text.replaceAll(exact, (time) => this.dateAndTime(Math.floor(Date.parse(time) / 1000) * 1000));
  }

  #offset(moment) {
    const whole = Math.floor(moment / 1000) * 1000;
    return Date.parse(`${this.wall(whole)}Z`) - whole;
  }
}
