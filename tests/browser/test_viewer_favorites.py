"""Favourites: kept per gallery, listed, walked, removed."""


def entries(viewer) -> list[str]:
    return viewer.page.locator("dialog[data-overlay=list] li a").all_inner_texts()


def keep_two(viewer):
    viewer.open().press("s")
    return viewer.press("End", index=4).press("ArrowLeft", index=3).press("2", diff=2).press("s", diff=2)


def test_kept_frames_survive_a_reload_and_lead_back(viewer):
    keep_two(viewer)
    viewer.reload()
    viewer.wait().press("Home", index=0)
    viewer.press("l", index=0)
    assert entries(viewer) == ["0 Street 0", "3 Street 3"]
    viewer.page.locator("dialog li a").nth(1).click()
    viewer.wait(index=3, diff=2)
    assert not viewer.page.locator("dialog[open]").count()
    viewer.go_back()
    viewer.wait(index=0)


def test_only_favourites_are_walked_on_demand(viewer):
    keep_two(viewer).press("l")
    viewer.page.get_by_text("View favourites only").click()
    viewer.wait(index=3)
    assert "indexes=0*3" in viewer.query()
    viewer.press("ArrowLeft", index=0).press("ArrowLeft", index=0).press("ArrowRight", index=3)
    viewer.act("all-frames")
    viewer.press("ArrowRight", index=4)
    assert "indexes" not in viewer.query()


def test_d_removes_also_while_the_list_is_open(viewer):
    keep_two(viewer).press("d", index=3).press("l")
    assert entries(viewer) == ["0 Street 0"]
    viewer.page.get_by_text("remove", exact=True).click()
    assert entries(viewer) == []
    viewer.press("s", index=3)
    assert entries(viewer) == ["3 Street 3"]
    viewer.press("d", index=3)
    assert entries(viewer) == []
    viewer.press("ArrowLeft", index=3)
    viewer.press("l", index=3)
    assert not viewer.page.locator("dialog[open]").count()


def test_clear_all_asks_once_more(viewer):
    keep_two(viewer).press("l")
    viewer.page.get_by_text("Clear all").click()
    assert len(entries(viewer)) == 2
    viewer.page.get_by_text("Really clear all?").click()
    assert entries(viewer) == []


def test_galleries_keep_their_own(viewer):
    keep_two(viewer)
    viewer.page.locator("[data-action=choose-gallery]").select_option("pictures")
    viewer.page.wait_for_selector('[data-pane][data-method="first"]')
    viewer.press("l")
    assert entries(viewer) == []


def test_stored_text_is_never_markup_and_never_trusted(viewer):
    viewer.open()
    viewer.page.evaluate("""localStorage.setItem('tiekd:favorites:streets', JSON.stringify([
      {frame: '<img src=x onerror=alert(1)>', query: '?index=1'},
      {frame: 'street_1', query: 'javascript:alert(1)'}, {frame: 5, query: '?'}, null]))""")
    viewer.reload()
    viewer.wait().press("l")
    assert len(entries(viewer)) == 1
    assert "<img" in entries(viewer)[0]
    viewer.page.evaluate("localStorage.setItem('tiekd:favorites:streets', '{not json')")
    viewer.reload()
    viewer.wait().press("l")
    assert entries(viewer) == []
