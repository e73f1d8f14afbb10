"""GraphiQL in Chromium: the page draws itself, asks, and listens, from our own origin alone."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import Page, browsing
from tests.conftest import Copy
from tests.serving import serving

RUN = "document.querySelector('.graphiql-execute-button').click()"
ANSWER = "document.querySelector('.result-window')?.textContent ?? ''"
# The editor reads what it was given a tenth of a second later: a run before that would ask for the operation of the tab before.
READ = "document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.operationName"
TAB = "[...document.querySelectorAll('.graphiql-tab-button')].find(tab => tab.textContent === {name!r}).click()"


@pytest.fixture
async def page(copy: Copy, template_world: str) -> AsyncIterator[Page]:
    async with copy(template_world) as dsn, serving(dsn) as site, browsing() as page:
        await page.go(site.url)
        await page.until("GraphiQL draws itself and reads its first example", f"{READ} === 'SoundPage'")
        yield page
        assert {urlsplit(url).netloc for url in page.asked} == {f"127.0.0.1:{site.port}"}
        assert page.complaints == []


async def test_an_example_is_answered_from_the_sample_world(page: Page) -> None:
    await page.run(RUN)
    await page.until("the answer has a title", f"({ANSWER}).includes('\"title\"')")


async def test_the_subscription_shows_the_chart(page: Page) -> None:
    await page.run(TAB.format(name="Rising"))
    await page.until("the editor reads the tab's operation", f"{READ} === 'Rising'")
    await page.run(RUN)
    await page.until("the chart arrives", f"({ANSWER}).includes('TrendingSnapshot')")
