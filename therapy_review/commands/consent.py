"""The commands ``therapy-review consent``: to see what was agreed to, write it down, take it back, talk it over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from therapy_review import hints, rights
from therapy_review.commands.terminal import (
    HERE,
    JournalOption,
    in_parts,
    is_confirmed,
    open_journal,
    read_day,
    say,
)
from therapy_review.consent import (
    ONE_PARTY,
    SELF_REVIEW,
    USES,
    WAYS_TO_AGREE,
    Agreement,
    Spoken,
    agreements_file,
    ending_soon,
    is_use,
    use_in_words,
)
from therapy_review.errors import ConsentError, JournalError
from therapy_review.lab import server
from therapy_review.wording import clock, counted

if TYPE_CHECKING:
    from therapy_review.journal import Journal

consent = typer.Typer(
    no_args_is_help=True, help="What was agreed to: to see, write down, take back, talk over."
)
BOTH = ("client", "therapist")


@consent.command()
def show(journal: JournalOption = HERE) -> None:
    """List who agreed to what, how each stands today, and for what recordings may be opened."""
    opened = open_journal(journal)
    given, today = opened.consents, opened.today()
    for one in given:
        say.print(f"{_name(opened, one)}: {one.state(today)}.")
        say.print(f"  {', '.join(map(use_in_words, one.uses))}")
        say.print(f"  {_how(one)}")
        for reason in dict.fromkeys(back.kept for back in one.revocations if back.kept):
            say.print(f"  What was recorded is kept: {reason}")
    if not given:
        say.print(rights.draft.NOTHING_YET)
    asked = opened.gate()
    uses = [use for use in dict.fromkeys([*_named(given), SELF_REVIEW]) if not asked.missing(BOTH, use)]
    if given:
        may = ", ".join(map(use_in_words, uses)) or "nothing yet"
        say.print(f"Today, recordings of {opened.client} and {opened.therapist} may be opened for: {may}.")
    if given and (against := asked.not_to_be_recorded(BOTH, today)):
        people = " and ".join(map(opened.name_of, against))
        say.print(f"Recordings made today stay closed: {people} took back being recorded, or let it end.")
    add = hints.command("consent", "add", journal=opened.root)
    for one, _ in ending_soon(given, today):
        say.print(f"The agreement of {_name(opened, one)} ends on {one.until}; to go on: {add}")
    if not given or not uses:
        say.print(f"To write down what you agreed on: {add}")


@consent.command()
def add(
    who: Annotated[str, typer.Option(help="client, therapist, both, or the name of anyone else heard.")] = "",
    to: Annotated[
        str, typer.Option(help=f"What for, with commas between: {', '.join(USES)}, share:NAME.")
    ] = "",
    how: Annotated[str, typer.Option(help="How it was given: written or spoken.")] = "",
    spoken_in: Annotated[
        str | None, typer.Option(help="The session in which it is heard, as in 2026-03-04.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When in that session, as in 2:14.")] = None,
    since: Annotated[str, typer.Option(help="First day it holds; today when left out.")] = "",
    until: Annotated[str | None, typer.Option(help="Last day it holds; open when empty.")] = None,
    note: Annotated[str, typer.Option(help="Anything worth remembering.")] = "",
    one_party: Annotated[
        bool | None,
        typer.Option("--one-party", help="On your word alone, for listening again; see the caution."),
    ] = None,
    confirm: Annotated[str, typer.Option(help="yes, to answer the caution of --one-party.")] = "",
    journal: JournalOption = HERE,
) -> None:
    """Write down what somebody has agreed to."""
    opened = open_journal(journal)
    _ = opened.consents  # what can't be read is said before anything is asked
    first = read_day(since) if since else opened.today()
    if how and not (how := _way(said := how)):
        raise JournalError(f"An agreement is written or spoken, not {said}; nothing was written down.")
    if one_party:
        _read_the_caution(opened, confirm)
        people, uses, how, until = ["client"], [SELF_REVIEW], WAYS_TO_AGREE[0], until or ""
    else:
        who = who or typer.prompt("Who agrees (client, therapist, both, or another name)")
        people = list(BOTH) if who.strip().casefold() == "both" else [_role(opened, who)]
        if not to:
            say.print(
                "To what? " + "; ".join(f"{use}: {use_in_words(use)}" for use in USES) + "; share:NAME."
            )
            to = typer.prompt("With commas between", default=", ".join(rights.draft.USUAL))
        uses = in_parts(to)
        while not how:
            how = _way(typer.prompt("Written or spoken", default=WAYS_TO_AGREE[0]))
    spoken = _spoken(opened, spoken_in, at) if how == WAYS_TO_AGREE[1] else None
    if until is None:
        until = typer.prompt(
            "Until which day, as in 2027-03-04 (empty: open)", default="", show_default=False
        )
    last = read_day(until) if until else None
    basis = {"basis": ONE_PARTY} if one_party else {}

    def added(data: bytes) -> bytes:
        if one_party:  # once more, while nobody else can write
            _unless_others_had_their_say(opened)
        for person in people:
            name = opened.name_of(person)
            data = agreements_file.append(
                data,
                person,
                uses,
                given_from=first,
                name=name,
                how=how,
                until=last,
                spoken=spoken,
                note=note,
                **basis,
            )
        return data

    opened.keep_agreements(added)
    _say_what_follows(opened, first)


def _read_the_caution(journal: Journal, confirm: str) -> None:
    where = journal.place or "a place that is not named in journal.toml"
    if not journal.one_party_is_clear():
        raise ConsentError(
            f"Nothing was written down: for {where} it is not sure that one party's word is enough, so everybody "
            f"heard is asked. Talk it over, then: {hints.command('consent', 'add', journal=journal.root)}"
        )
    _unless_others_had_their_say(journal)
    say.print(" ".join([*rights.draft.rule_of(journal), rights.draft.SECRECY]))
    if not is_confirmed(confirm, "Type yes when you have read this and want it"):
        say.print("Nothing was written down.")
        raise typer.Exit(1)


def _unless_others_had_their_say(journal: Journal) -> None:
    if any(one.who != "client" for one in journal.consents):
        raise ConsentError(
            "Nothing was written down: others have had their say here, and it counts. To see it: "
            f"{hints.command('consent', 'show', journal=journal.root)}"
        )


def _way(answer: str) -> str:
    """Read how it was given; empty where that is neither."""
    said = answer.strip().casefold()
    return said if said in WAYS_TO_AGREE else ""


def _spoken(journal: Journal, session: str | None, at: str | None) -> Spoken | None:
    if session is None:
        session = typer.prompt(
            "In which session is it heard, as in 2026-03-04 (empty: not recorded)",
            default="",
            show_default=False,
        )
    if not session:
        return None
    name = journal.session(session).name  # said before the time is asked for
    return rights.draft.spoken_at(journal, name, at or typer.prompt("When in it, as in 2:14"))


def _say_what_follows(journal: Journal, first: dt.date) -> None:
    if first > journal.today():
        say.print(f"Kept. Recordings stay closed until {first}, the first day it holds.")
        return
    missing = list(map(journal.name_of, journal.gate().missing(BOTH, SELF_REVIEW)))
    if missing:
        verb = "agree" if len(missing) > 1 else "agrees"
        say.print(f"Kept. Recordings stay closed until {' and '.join(missing)} {verb}.")
    else:
        say.print("Kept. Thank you.")


@consent.command()
def revoke(
    who: Annotated[str, typer.Option(help="Who takes it back: client, therapist, or another name.")] = "",
    use: Annotated[str, typer.Option(help="What is taken back, as in report; or everything.")] = "",
    erase: Annotated[
        str | None, typer.Option(help="What is erased then: all, none, or days with commas between.")
    ] = None,
    keep: Annotated[str | None, typer.Option(help="Why the rest is kept.")] = None,
    confirm: Annotated[str, typer.Option(help="yes, to erase it for good.")] = "",
    journal: JournalOption = HERE,
) -> None:
    """Take an agreement back, at any time and by either of you; then say what is erased."""
    opened = open_journal(journal)
    who = _role(opened, who or typer.prompt("Who takes it back (client, therapist, or another name)"))
    if not use:
        offered = _named([one for one in opened.consents if one.who == who])
        use = typer.prompt(
            f"What ({', '.join(offered) or 'nothing was given'}, or everything)",
            default=rights.withdrawal.EVERYTHING,
        )
    use = "" if use.strip() == rights.withdrawal.EVERYTHING else use.strip()
    # Where it was broken off before, the same command goes on from there.
    back = rights.withdrawal.take_back(opened, who, use)
    for sentence in back.said:
        say.print(sentence)
    _guide_to_erasing(opened, back, erase, keep, confirm)


def _guide_to_erasing(
    journal: Journal, back: rights.withdrawal.TakenBack, erase: str | None, keep: str | None, confirm: str
) -> None:
    """Ask what is erased of what was recorded before, and why the rest is kept; it goes by a typed yes alone."""
    made = rights.withdrawal.made_before(journal, back)
    if not made:
        return
    say.print(f"What there is from before, in {counted(len(made), 'session')}:")
    for line in rights.withdrawal.listed(made):
        say.print(f"  {line}")
    if erase is None:
        erase = typer.prompt("What should be erased (all, none, or days with commas between)", default="none")
    chosen = _chosen(erase, list(made))
    if chosen and not is_confirmed(confirm, f"Type yes to erase this of {', '.join(chosen)} for good"):
        say.print("Nothing was erased.")
        chosen = []
    for name in chosen:
        say.print(str(rights.erasure.erase_made_for(journal.session(name), back.use)))
    if not (left := [name for name in made if name not in chosen]):
        return
    if keep is None:
        keep = typer.prompt("Why is the rest kept (may stay empty)", default="", show_default=False)
    rights.withdrawal.keep_the_rest(journal, back, keep)
    say.print(rights.withdrawal.what_is_kept(journal, back.use, left))


def _chosen(answer: str, offered: list[str]) -> list[str]:
    words = in_parts(answer)
    if words in ([], ["none"]):
        return []
    if words == ["all"]:
        return offered
    if odd := [word for word in words if word not in offered]:
        raise JournalError(
            f"{odd[0]} is not one of {', '.join(offered)}; nothing was erased, and the agreement stays taken back."
        )
    return words


@consent.command()
def draft(
    file: Annotated[
        Path, typer.Argument(help="A file to write: .html, to print from a browser, or .pdf.")
    ] = Path("agreement.html"),
    to: Annotated[
        str, typer.Option(help="What it is to be for, with commas between; the usual when left out.")
    ] = "",
    until: Annotated[str, typer.Option(help="Last day it is to hold; open when left out.")] = "",
    journal: JournalOption = HERE,
) -> None:
    """Write a draft to talk over: one page with room for both of you; nothing is agreed by it."""
    opened = open_journal(journal)
    uses = in_parts(to) or rights.draft.USUAL
    for use in uses:
        if not is_use(use):
            raise JournalError(
                f"{use} is nothing a recording can be used for; choose of {', '.join(USES)}, share:NAME."
            )
    asked = rights.draft.first_draft(opened, uses, read_day(until) if until else None)
    is_sealed = bool(opened.settings.get("sealed"))
    if is_sealed and file.resolve().is_relative_to(opened.store.root.resolve()):
        name = rights.draft.save_within(opened, asked, file)
        say.print(
            f"Written, and sealed, as {name}: it opens in JupyterLab. To print it from any program, name a file "
            "elsewhere. To change it as you like:"
        )
    else:
        say.print(
            f"Written to {rights.draft.save(asked, file)}. Print it, talk it over, and change it as you like:"
        )
        if is_sealed:
            say.print("It lies open there, with both names: whoever may look into that folder can read it.")
    say.print(f"  {hints.command('consent', 'guide', journal=opened.root)}")
    add = hints.command("consent", "add", journal=opened.root)
    say.print(f"Nothing is agreed yet; once it is, write it down with: {add}")


@consent.command()
def guide(journal: JournalOption = HERE) -> None:
    """Open the notebook that helps to ask, to fill in a draft, and to write down what you agreed on."""
    from therapy_review.reports import runner

    opened = open_journal(journal)
    made = runner.run_one(opened, "agreement", "agreement", {})
    if not opened.settings.get("sealed"):  # a sealed page opens in Lab alone
        say.print(f"To read:  {hints.place(runner.place(opened, made.page))}")
    server.start(opened, "reports/agreement.ipynb")


def _name(journal: Journal, one: Agreement) -> str:
    return one.name or journal.name_of(one.who)


def _role(journal: Journal, who: str) -> str:
    """Take the client's and the therapist's own names for their roles."""
    said = who.strip()
    roles = {"client": "client", "therapist": "therapist"}
    roles |= {journal.therapist.casefold(): "therapist", journal.client.casefold(): "client"}
    return roles.get(said.casefold(), said)


def _how(one: Agreement) -> str:
    end = f" until {one.until}" if one.until else ", open end"
    where = f", in {one.spoken.session} at {clock(one.spoken.time)}" if one.spoken else ""
    alone = ", on one party's word" if one.basis == ONE_PARTY else ""
    return f"From {one.given_from}{end}; {one.how}{where}{alone}.{f' {one.note}' if one.note else ''}"


def _named(given: list[Agreement]) -> list[str]:
    return list(dict.fromkeys(use for one in given for use in one.uses))
