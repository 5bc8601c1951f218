"""The snippets of the guide to many workers that need a Redis run, with a real one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from kommo.mock import MockConfig, MockServer

GUIDE = Path(__file__).parents[2] / "docs/guides/many-workers.md"
SNIPPETS = re.findall(
    r"<!-- snippet: redis -->\n```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
)


@pytest.mark.parametrize(
    ("code", "key"), list(zip(SNIPPETS, ["kommo:limit:*", "kommo:tokens:acme"], strict=True))
)
def test_what_workers_share_is_in_redis(code, key, redis_url):
    with MockServer(MockConfig(token="demo")) as server, redis.Redis.from_url(redis_url) as shared:
        code = code.replace("redis://10.0.0.5:6379/0", redis_url).replace("http://127.0.0.1:8080", server.url)
        command = [sys.executable, "-W", "error", "-c", code]
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert outcome.returncode == 0, outcome.stderr
        assert shared.keys(key)
