"""The player in JupyterLab: heard, moved about in, marked in, put right, locked; tones tell which moment sounds."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from therapy_review import Session
from therapy_review.journal.marks import Mark
from tools.in_browser import ROOT, Lab, run_all
from tools.tones import DAY, TURN, tone

from .conftest import KERNEL, end_kernels, wait_until
from .hearing import EAR, at, begins_softly, place, silent, sounds, state

pytestmark = pytest.mark.browser
WEEK = "reports/weekly_review_2026-W10.ipynb"


def test_every_minute_sounds_as_itself_wherever_one_jumps(player: Locator) -> None:
    player.get_by_role("button", name="Play", exact=False).first.click()
    state(player, "playing")
    for seconds in (10, 200, 70, 330, 130, 15, 270):
        at(player, seconds)
        sounds(player, seconds // 60)


def test_a_tone_changes_when_the_clock_says_so(player: Locator) -> None:
    at(player, 117)
    player.locator(".tr-play").click()
    state(player, "playing")
    player.page.evaluate(
        """() => {
          window.seen = [];
          const label = document.querySelector(".tr-player .tr-place");
          const look = () => {
            const { at, tone, loud } = window.heard.at(-1) ?? {};
            if (loud > 0.01 && performance.now() - at < 100) window.seen.push([Number(label.value), tone]);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    player.page.wait_for_function("window.seen.filter(([time]) => time > 120.5).length > 10")
    seen = player.page.evaluate("window.seen")
    before = [heard for time, heard in seen if 118 < time < 119.5]
    after = [heard for time, heard in seen if time > 120.5]
    assert before
    assert all(heard == pytest.approx(tone(1), abs=15) for heard in before)
    assert all(heard == pytest.approx(tone(2), abs=15) for heard in after)


def test_the_start_is_soft_and_the_volume_low(player: Locator) -> None:
    assert float(player.get_by_label("Volume").input_value()) <= 0.5
    player.locator(".tr-play").click()
    state(player, "playing")
    assert begins_softly(player.page, steady=True)
    assert player.page.evaluate("window.loudness()") < 0.2


def test_stop_and_escape_are_silence(player: Locator) -> None:
    for stop in (lambda: player.locator(".tr-stop").click(), lambda: player.page.keyboard.press("Escape")):
        player.locator(".tr-play").click()
        state(player, "playing")
        sounds(player)
        stop()
        state(player, "resting")
        assert silent(player.page)


def test_stop_is_at_hand_wherever_the_page_was_scrolled(tab: Page, lab: Lab) -> None:
    tab.goto(lab.page_of(WEEK))
    run_all(tab)
    expect(tab.get_by_role("heading", name="Thursday 5 March 2026")).to_be_visible()
    tab.locator(".tr-play").click()
    state(tab.locator(".tr-player"), "playing")
    tab.get_by_role("heading", name="The weeks so far").scroll_into_view_if_needed()
    tab.get_by_role("button", name="Stop the player").click()
    state(tab.locator(".tr-player"), "resting")


def test_escape_twice_covers_the_player_and_go_on_brings_it_back(player: Locator) -> None:
    player.locator(".tr-play").click()
    state(player, "playing")
    player.page.keyboard.press("Escape")
    player.page.keyboard.press("Escape")
    expect(player.get_by_text("This is resting")).to_be_visible()
    expect(player.get_by_role("heading", name="Tuesday 10 March 2026")).to_be_hidden()
    player.get_by_role("button", name="Go on").click()
    expect(player.get_by_role("heading", name="Tuesday 10 March 2026")).to_be_visible()
    player.locator(".tr-play").click()
    state(player, "playing")


def test_the_keyboard_alone_is_enough(player: Locator) -> None:
    keys = player.page.keyboard
    cells = player.page.locator(".jp-Notebook .jp-Cell").count()
    player.locator(".tr-play").focus()
    keys.press("t")
    expect(player.locator(".tr-chosen-what")).to_contain_text("0:01 to 0:08")
    keys.press("t")
    expect(player.locator(".tr-time")).to_contain_text("0:09")
    keys.press("Shift+T")
    expect(player.locator(".tr-time")).to_contain_text("0:01")
    keys.press("ArrowRight")
    expect(player.locator(".tr-time")).to_contain_text("0:06")
    keys.press("Space")
    state(player, "playing")
    keys.press(">")
    expect(player.get_by_label("Speed")).to_have_value("1.25")
    sounds(player, 0)  # faster, and no higher
    keys.press("<")
    keys.press("?")
    expect(player.get_by_role("dialog", name="Keys of the player")).to_be_visible()
    keys.press("Escape")
    for key in ("d", "d", "c", "y"):  # commands of JupyterLab
        keys.press(key)
    assert player.page.locator(".jp-Notebook .jp-Cell").count() == cells
    keys.press("i")
    expect(player.locator(".tr-live")).to_contain_text("of 6:00")


def test_only_one_voice_is_heard_when_asked_for(player: Locator) -> None:
    at(player, 5)
    player.get_by_label("Whom to hear").select_option("client")
    player.locator(".tr-play").click()
    times = player.page.evaluate(
        """() => new Promise((done) => {
          const times = [];
          const slider = document.querySelector(".tr-player .tr-place");
          const look = () => {
            times.push(Number(slider.value));
            if (times.at(-1) > 20) done(times); else setTimeout(look, 50);
          };
          look();
        })"""
    )
    spoken = [time for time in times if (time - 1) % (2 * TURN + 2) <= TURN + 1]
    assert len(spoken) == len(times)


def test_a_turn_is_played_again_and_again(player: Locator) -> None:
    at(player, 13)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("o")
    state(player, "playing")
    at(player, 15.5)
    wait_until(lambda: 9 <= place(player) <= 12)
    expect(player.get_by_role("button", name="Loop this turn")).to_have_attribute("aria-pressed", "true")


def test_a_mark_is_on_disk_at_once_and_so_are_its_words(player: Locator, tones: Session, lab: Lab) -> None:
    at(player, 100)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("m")
    wait_until(lambda: len(tones.marks) == 1)
    player.page.keyboard.type("the boat")
    wait_until(lambda: tones.marks["label"].tolist() == ["the boat"])
    player.get_by_label("What it is").select_option("proud moment")
    wait_until(lambda: tones.marks["kind"].tolist() == ["proud moment"])
    end_kernels(lab)
    assert tones.marks[["start", "label"]].to_numpy().tolist() == [[100.0, "the boat"]]


def test_a_name_can_be_marked_and_it_is_said_what_that_does(player: Locator, tones: Session) -> None:
    at(player, 100)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("m")
    hint = player.locator(".tr-mark-hint")
    expect(hint).to_be_hidden()
    player.get_by_label("What it is").select_option("name")
    expect(hint).to_have_text(re.compile("silent in clips you share; here you still hear it"))
    wait_until(lambda: tones.marks["kind"].tolist() == ["name"])
    player.get_by_label("What it is").select_option("question")
    expect(hint).to_be_hidden()


def test_a_mark_plays_from_two_seconds_before_and_can_be_removed(player: Locator, tones: Session) -> None:
    at(player, 121)
    player.get_by_role("button", name="Mark this moment").click()
    player.get_by_role("button", name="Done").click()
    player.get_by_role("button", name=re.compile("^Play from 2:01")).click()
    state(player, "playing")
    sounds(player, 1)
    player.get_by_role("button", name="Remove the mark at 2:01").click()
    wait_until(lambda: tones.marks.empty)
    expect(player.get_by_text("None yet.")).to_be_visible()


def test_a_mark_that_was_removed_can_be_put_back_with_its_words(player: Locator, tones: Session) -> None:
    tones.add_mark(Mark(121, 130, "question", "the boat", "Why did I\nsay that?"))
    player.get_by_role("button", name="Mark this moment").click()  # the list is drawn anew
    player.get_by_role("button", name="Remove the mark at 2:01").click()
    wait_until(lambda: len(tones.marks) == 1)
    player.get_by_role("button", name="Put back the mark at 2:01").click()
    wait_until(lambda: len(tones.marks) == 2)
    kept = tones.marks.iloc[-1]
    assert kept.tolist() == [121.0, 130.0, "question", "the boat", "Why did I\nsay that?"]
    expect(player.get_by_role("button", name="Put back the mark at 2:01")).to_have_count(0)


def test_words_are_kept_in_the_page_while_the_kernel_is_gone(
    player: Locator, tones: Session, lab: Lab
) -> None:
    end_kernels(lab)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("m")
    player.page.keyboard.type("not lost")
    expect(player.locator(".tr-note")).to_contain_text(re.compile("Not saved yet|not running"))
    expect(player.get_by_label("A few words")).to_have_value("not lost")


def test_a_trigger_pauses_before_it_is_reached_and_is_not_sent(player: Locator, tones: Session) -> None:
    at(player, 30)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("m")
    player.get_by_label("What it is").select_option("trigger")
    wait_until(lambda: tones.marks["kind"].tolist() == ["trigger"])
    at(player, 25)
    player.locator(".tr-play").click()
    asked = player.get_by_role("alertdialog")
    expect(asked).to_contain_text("You marked what comes at 0:28 as a trigger")
    state(player, "resting")
    assert place(player) <= 28
    assert silent(player.page)
    asked.get_by_role("button", name="Go on after it").click()
    state(player, "playing")
    assert place(player) >= 35
    at(player, 30)  # right into it
    expect(asked).to_be_visible()
    assert silent(player.page)
    asked.get_by_role("button", name="Hear it this once").click()
    player.locator(".tr-play").click()
    state(player, "playing")
    sounds(player)


def test_a_correction_changes_the_talk_share_and_can_be_undone(player: Locator, tones: Session) -> None:
    before = float(tones.measures["client_talk_share"].iloc[0])
    player.locator(".tr-play").focus()
    player.page.keyboard.press("t")
    expect(player.locator(".tr-chosen-what")).to_contain_text("you, 0:01 to 0:08")
    player.page.keyboard.press("2")
    expect(player.locator(".tr-note")).to_have_text("Kept.")
    after = float(tones.measures["client_talk_share"].iloc[0])
    assert after < before
    assert tones.corrections["speaker"].tolist() == ["therapist"]
    player.page.keyboard.press("u")
    expect(player.locator(".tr-note")).to_have_text("Taken back.")
    assert float(tones.measures["client_talk_share"].iloc[0]) == before
    assert tones.corrections.empty


@pytest.mark.slow
def test_a_turn_is_split_where_one_is_and_joined_with_the_next(player: Locator, tones: Session) -> None:
    at(player, 4)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("x")
    expect(player.locator(".tr-note")).to_have_text("Kept as two.")
    assert tones.turns[["end", "speaker"]].iloc[:2].to_numpy().tolist() == [
        [4.0, "client"],
        [8.0, "therapist"],
    ]
    player.page.keyboard.press("u")
    expect(player.locator(".tr-note")).to_have_text("Taken back.")
    assert tones.corrections.empty
    at(player, 4)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("j")
    expect(player.locator(".tr-note")).to_have_text("Kept as one.")
    assert tones.turns["end"].iloc[0] == 16.0


def test_charts_follow_when_asked_and_a_click_on_the_map_leads_there(tab: Page, lab: Lab) -> None:
    corrections = lab.root / "sessions/2026-03-05/corrections.csv"
    given = corrections.read_text()
    try:
        tab.goto(lab.page_of(WEEK))
        run_all(tab)
        player, chart = (
            tab.locator(".tr-player"),
            tab.get_by_alt_text(re.compile("^Map of the session")).first,
        )
        expect(player.get_by_role("heading", name="Thursday 5 March 2026")).to_be_visible()
        box = chart.bounding_box()
        assert box
        chart.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.45})
        wait_until(lambda: place(player) > 120)
        drawn = chart.get_attribute("alt")
        player.locator(".tr-play").focus()
        player.page.keyboard.press("t")
        shown = player.locator(".tr-chosen-what").inner_text()
        player.page.keyboard.press("1" if shown.startswith("therapist") else "2")
        expect(player.locator(".tr-note")).to_have_text("Kept.")
        assert chart.get_attribute("alt") == drawn  # not by surprise
        player.get_by_role("button", name="Bring the charts up to date").click()
        expect(player.locator(".tr-note")).to_have_text("The charts show it now.")
        wait_until(
            lambda: (
                tab.get_by_alt_text(re.compile("^Map of the session")).first.get_attribute("alt") != drawn
            ),
        )
        expect(player.locator(".tr-play")).to_be_focused()  # the button that was pressed is gone
    finally:
        corrections.write_text(given)


@pytest.mark.slow
def test_what_had_the_focus_may_go_and_the_keyboard_keeps_its_place(player: Locator, tones: Session) -> None:
    keys, play = player.page.keyboard, player.locator(".tr-play")
    for seconds in (50, 100):
        at(player, seconds)
        play.focus()
        keys.press("m")
        expect(player.get_by_label("A few words")).to_be_focused()
        keys.press("Enter")
        expect(play).to_be_focused()
    wait_until(lambda: len(tones.marks) == 2)
    player.get_by_role("button", name="Edit the mark at 1:40").press("Enter")
    keys.type("the boat")
    wait_until(lambda: "the boat" in tones.marks["label"].tolist())
    player.get_by_role("button", name="Done").press("Enter")
    expect(player.get_by_role("button", name="Edit the mark at 1:40")).to_be_focused()
    player.get_by_role("button", name="Remove the mark at 0:50").press("Enter")
    expect(player.get_by_role("button", name="Remove the mark at 0:50")).to_have_count(0)
    expect(player.get_by_role("button", name="Remove the mark at 1:40")).to_be_focused()
    keys.press("Enter")
    expect(player.get_by_text("None yet.")).to_be_visible()
    expect(play).to_be_focused()

    at(player, 4)
    for name in ("Split here", "Undo", "Join with the next"):
        if name != "Undo":
            play.focus()
            keys.press("t")
            keys.press("Shift+T")
            at(player, 4)
        button = player.get_by_role("button", name=name)
        button.press("Enter")
        expect(player.locator(".tr-note")).to_have_text(re.compile("^(Kept as|Taken back)"))
        expect(play).to_be_focused()

    player.get_by_role("button", name="Keys").press("Enter")
    expect(player.get_by_role("dialog", name="Keys of the player")).to_be_visible()
    keys.press("Escape")
    expect(player.get_by_role("button", name="Keys")).to_be_focused()
    play.focus()
    player.page.wait_for_timeout(1600)  # longer than two presses of Escape may lie apart
    keys.press("Escape")
    keys.press("Escape")
    expect(player.get_by_role("button", name="Go on")).to_be_focused()
    keys.press("Enter")
    expect(play).to_be_focused()


def test_who_is_writing_is_not_taken_away_by_a_question(player: Locator, tones: Session) -> None:
    at(player, 30)
    player.locator(".tr-play").focus()
    player.page.keyboard.press("m")
    player.get_by_label("What it is").select_option("trigger")
    wait_until(lambda: tones.marks["kind"].tolist() == ["trigger"])
    at(player, 25)
    player.locator(".tr-play").click()
    state(player, "playing")
    player.get_by_label("A few words").focus()
    expect(player.get_by_role("alertdialog")).to_be_visible()
    player.page.keyboard.type("the door, the dark")
    expect(player.get_by_label("A few words")).to_have_value("the door, the dark")
    state(player, "resting")
    player.get_by_role("button", name="Go on after it").press("Enter")
    expect(player.get_by_role("alertdialog")).to_be_hidden()
    expect(player.locator(".tr-play")).to_be_focused()


def test_it_plays_while_a_cell_is_running(player: Locator) -> None:
    page = player.page
    page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute(
          { code: "import time; time.sleep(600)" })"""
    )
    page.wait_for_function(f"{KERNEL}.status === 'busy'")
    at(player, 200)
    player.locator(".tr-play").click()
    sounds(player, 3)


def test_two_views_are_one_player(player: Locator) -> None:
    page = player.page
    page.evaluate(
        """() => {
          const panel = window.jupyterapp.shell.currentWidget;
          panel.content.widgets[2].model.sharedModel.setSource("player");
        }"""
    )
    run_all(page)
    views = page.locator(".tr-player")
    expect(views).to_have_count(2)
    views.nth(1).locator(".tr-play").click()
    state(views.nth(0), "playing")
    state(views.nth(1), "playing")
    views.nth(0).locator(".tr-stop").click()
    state(views.nth(1), "resting")


def test_python_sees_and_moves_it(player: Locator, lab: Lab) -> None:
    page = player.page
    run = """async (code) => {
      const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
      const asked = kernel.requestExecute({ code });
      let text = "";
      asked.onIOPub = (message) => { text += message.content.text ?? ""; };
      await asked.done;
      return text;
    }"""
    page.evaluate(
        run, "seen = []; player.observe(lambda c: seen.append((c['name'], c['new'])), ['time', 'playing'])"
    )
    page.evaluate(run, "player.play(200)")
    state(player, "playing")
    sounds(player, 3)
    page.evaluate(run, "player.stop()")
    state(player, "resting")
    told = "print(('playing', True) in seen, player.playing, 200 < player.time < 240)"
    wait_until(lambda: page.evaluate(run, told).strip() == "True False True")


def test_two_minutes_of_listening_ask_and_keep(tab: Page, lab: Lab) -> None:
    corrections = lab.root / "sessions/2026-03-05/corrections.csv"
    given = corrections.read_text()
    try:
        tab.goto(lab.page_of(WEEK))
        run_all(tab)
        player = tab.locator(".tr-player")
        expect(player.get_by_role("heading", name="Thursday 5 March 2026")).to_be_visible()
        player.get_by_role("button", name="Two minutes of listening").click()
        asking = player.get_by_role("group", name="Two minutes of listening")
        expect(asking).to_contain_text("Stretch 1 of")
        expect(asking.get_by_role("button", name="Hear it")).to_be_focused()
        asking.get_by_role("button", name="Hear it").click()
        expect(player).to_have_attribute("data-state", re.compile("playing|waiting"))
        asking.get_by_role("button", name="Nobody").click()
        wait_until(lambda: "nobody" in corrections.read_text())
        asking.get_by_role("button", name="Take back the last answer").click()
        wait_until(lambda: "nobody" not in corrections.read_text())
        expect(asking).to_contain_text("Stretch 1 of")
        asking.get_by_role("button", name="Enough for now").press("Enter")
        expect(asking).to_be_hidden()
        expect(player.get_by_role("button", name="Two minutes of listening")).to_be_focused()
    finally:
        corrections.write_text(given)


def test_nothing_serious_is_found_by_axe(player: Locator) -> None:
    axe = ROOT / "tools" / "player" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.exists():
        pytest.skip("npm ci brings axe-core")
    page = player.page
    page.evaluate(axe.read_text())
    player.locator(".tr-play").focus()
    page.keyboard.press("t")
    page.keyboard.press("m")
    found = page.evaluate(
        "axe.run(document.querySelector('.tr-player')).then(({ violations }) => violations)"
    )
    serious = [
        (one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_without_agreement_there_is_a_sentence_and_no_sound(tab: Page, lab: Lab, tones: Session) -> None:
    file = lab.root / "tones" / "agreements.toml"
    given = file.read_text()
    file.write_text(re.sub(r'"self_review", ', "", given))
    try:
        tab.add_init_script(EAR)
        tab.goto(lab.page_of("tones/notebooks/tones.ipynb"))
        run_all(tab)
        expect(tab.locator(".tr-note")).to_contain_text("stays closed")
        tab.locator(".tr-play").click()
        assert silent(tab)
    finally:
        file.write_text(given)


def test_the_table_of_marks_can_be_read_by_any_program(player: Locator, tones: Session, lab: Lab) -> None:
    at(player, 50)
    player.get_by_role("button", name="Mark this moment").click()
    wait_until(lambda: len(tones.marks) == 1)
    table = pd.read_csv(lab.root / "tones" / "sessions" / DAY / "marks.csv")
    assert table[["start", "kind"]].to_numpy().tolist() == [[50.0, "bookmark"]]


def test_left_alone_it_covers_itself_and_the_kernel_sends_nothing(
    tab: Page, lab: Lab, tones: Session
) -> None:
    settings = lab.root / "tones" / "journal.toml"
    given = settings.read_text()
    settings.write_text(given + "\n[player]\nlock_after = 0.05  # minutes\n")
    try:
        tab.goto(lab.page_of("tones/notebooks/tones.ipynb"))
        run_all(tab)
        player = tab.locator(".tr-player")
        expect(player.get_by_text("This is resting")).to_be_visible(timeout=20_000)
        expect(player.locator(".tr-play")).to_be_hidden()
        player.get_by_role("button", name="Go on").click()
        player.locator(".tr-play").click()
        state(player, "playing")
    finally:
        settings.write_text(given)


def test_opened_without_running_there_is_a_picture_and_how_to_start(player: Locator, lab: Lab) -> None:
    page = player.page
    picture = page.get_by_alt_text(re.compile("^The sound of the session, 6:00 long"))
    expect(picture).to_be_hidden()  # the live player stands in its place
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    end_kernels(lab)
    page.goto(lab.page_of("tones/notebooks/tones.ipynb"))
    expect(picture).to_be_visible()
    expect(page.get_by_text("and choose Run ▸ Run All Cells to listen")).to_be_visible()
