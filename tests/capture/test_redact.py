"""Precision and recall of redaction, in English and Chinese.

A `~` in a text is dropped before use, so that no scanner finds a secret in this file.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.capture.redact import redact, redact_field

SECRETS = {
    "AWS key AK~IAIOSFODNN7EXAMPLE here": "AWS key [aws-access-key redacted] here",
    "aws_secret_access_key = wJalr~XUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": (
        "aws_secret_access_key = [aws-secret-key redacted]"
    ),
    "use gh~p_abcdefghijklmnopqrstuvwxyz0123456789.": "use [github-token redacted].",
    "github~_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz012345": "[github-token redacted]",
    "gl~pat-ABCdef123456_ghiJKL7": "[gitlab-token redacted]",
    "xo~xb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx": "[slack-token redacted]",
    "https://hooks.slack.com/services/T000~00000/B00000000/AbCdEfGhIjKlMnOp": (
        "https://hooks.slack.com/services/[slack-webhook redacted]"
    ),
    "sk_li~ve_4eC39HqLyjWDarjtT1zdp7dc": "[stripe-key redacted]",
    "sk-pr~oj-abc123DEF456ghi789JKL012mno345PQR678": "[openai-key redacted]",
    "sk-1a2B3c4D5e6F7g8H9i0JT3Bl~bkFJ1a2B3c4D5e6F7g8H9i0J": "[openai-key redacted]",
    "sk-a~nt-api03-abcDEF123456-ghiJKL789_mnoPQR": "[anthropic-key redacted]",
    "sk-o~r-v1-0123456789abcdef0123456789abcdef0123456789abcdef": "[openrouter-key redacted]",
    "sk-01234~56789abcdef0123456789abcdef": "[dashscope-key redacted]",
    "AIza~SyA1234567890abcdefghijklmnopqrstuv": "[google-key redacted]",
    "ya29~.a0AfH6SMBabcdefghijklmnop": "[google-token redacted]",
    "hf_~AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh": "[huggingface-token redacted]",
    "npm_~abcdefghijklmnopqrstuvwxyz0123456789": "[npm-token redacted]",
    "//npm.example.org/:_authToken=abcdef12-3456-7890-abcd-ef1234567890": (
        "//npm.example.org/:_authToken=[npm-token redacted]"
    ),
    "pypi-~AgEIcHlwaS5vcmcCJDExMTExMTExLTIyMjItMzMzMy00NDQ0": "[pypi-token redacted]",
    "SG.~ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr": "[sendgrid-key redacted]",
    "SK~0123456789abcdef0123456789abcdef": "[twilio-key redacted]",
    "LTAI~5tAbCdEfGhIjKlMnOpQr": "[alibaba-cloud-key redacted]",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN": "[jwt redacted]",
    "a\n-----BEGIN RSA PRIVATE~ KEY-----\nMIIEow\nAB==\n-----END RSA PRIVATE~ KEY-----\nb": (
        "a\n[private-key redacted]\nb"
    ),
    "-----BEGIN PRIVATE~ KEY-----\nMIIEowIBAAKCAQEAabcdef\nQmFzZTY0QmFzZTY0\nand prose": (
        "[private-key redacted]\nand prose"
    ),
    "postgres://app:hunter2@db.example.com:5432/x": "postgres://app:[url-password redacted]@db.example.com:5432/x",
    "mysql+pymysql://root:p@ss!word@127.0.0.1/db": "mysql+pymysql://root:[url-password redacted]@127.0.0.1/db",
    "redis://:s3cr3t@localhost:6379/0": "redis://:[url-password redacted]@localhost:6379/0",
    "app:hunter2@tcp(127.0.0.1:3306)/db": "app:[url-password redacted]@tcp(127.0.0.1:3306)/db",
    "Server=db;User Id=sa;Password=Str0ngP4ss;": "Server=db;User Id=sa;Password=[password redacted];",
    "jdbc:mysql://h/db?user=root&password=hunter2&x=1": "jdbc:mysql://h/db?user=root&password=[password redacted]&x=1",
    'password = "hunter2"': 'password = "[password redacted]"',
    '"password": "hunter2",': '"password": "[password redacted]",',
    '{\\"password\\": \\"hunter2\\"}': '{\\"password\\": \\"[password redacted]\\"}',
    'password: str = "hunter2"': 'password: str = "[password redacted]"',
    "**Password**: hunter2": "**Password**: [password redacted]",
    "DB_PASSWORD=correcthorse": "DB_PASSWORD=[password redacted]",
    "my password is Tr0ub4dor&3.": "my password is [password redacted].",
    "the password for the staging server is hunter2": "the password for the staging server is [password redacted]",
    "mysql --password=hunter2 db": "mysql --password=[password redacted] db",
    "curl -u admin:hunter2 http://x": "curl -u admin:[password redacted] http://x",
    '{"api_key": "abcdef1234567890"}': '{"api_key": "[api-key redacted]"}',
    "X-Api-Key: abcdef1234567890": "X-Api-Key: [api-key redacted]",
    "export OPENAI_API_KEY=abcd1234efgh5678": "export OPENAI_API_KEY=[api-key redacted]",
    "JWT_SECRET=mySuperS3cretValue99": "JWT_SECRET=[secret redacted]",
    'const token = "a8f5f167f44f4964e6c998dee827110c";': 'const token = "[token redacted]";',
    "Authorization: Bearer abcDEF123456ghi": "Authorization: Bearer [authorization redacted]",
    "Authorization: Basic dXNlcjpwYXNzd29yZA==": "Authorization: Basic [authorization redacted]",
    "Cookie: session=abc123def456ghi; theme=dark\nnext": "Cookie: [cookie redacted]\nnext",
    "密码：hunter2": "密码：[password redacted]",
    "数据库密码是 Abc12345，别外传": "数据库密码是 [password redacted]，别外传",
    "口令：123456": "口令：[password redacted]",
    "密钥：a1b2c3d4e5f6g7h8。": "密钥：[secret redacted]。",
    "新的令牌是“abcd1234efgh5678”": "新的令牌是“[secret redacted]”",
    "API密钥: a1b2c3d4e5f6g7h8": "API密钥: [secret redacted]",
    "パスワード：hunter2": "パスワード：[password redacted]",
    "비밀번호: hunter22": "비밀번호: [password redacted]",
    "card 4111 1111 1111 1111 exp 12/27": "card [credit-card redacted] exp 12/27",
    "4242424242424242": "[credit-card redacted]",
    "银行卡号 3782-822463-10005": "银行卡号 [credit-card redacted]",
}

HARMLESS = """
the password is required
token: the JWT
api_key=os.environ["X"]
api_key = <your-key>
api_key: "<your-key>"
api_key="your-api-key-here"
OPENAI_API_KEY=sk-your-key-here
password: ********
PASSWORD=${DB_PASSWORD}
password = $PASSWORD
password=$(cat secret.txt)
password = getpass.getpass()
password: required
password: must be 8 characters
"password": "string"
"password": "Please enter your password"
password = user.password
self.token = token
token = request.headers["x"]
token_count = 4096
max_tokens=20000
commit 3f2a9c1b7d8e6f5a4b3c2d1e0f9a8b7c6d5e4f3a
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"integrity": "sha512-abcDEF123/+4567890abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ab=="
550e8400-e29b-41d4-a716-446655440000
page token: 550e8400-e29b-41d4-a716-446655440000
password_hash = "$2b$12$abcdefghijklmnopqrstuu"
The secret: keep it simple
the key is to start early
密码：必填
密码长度：8-16 位
密码是 8 位以上
密码是必须的，令牌：见文档
密码登录：支持
https://example.com:8080/path@x
http://localhost:8080?email=a@b.c
git@github.com:org/repo.git
https://medium.com/@user/post
postgres://user:<password>@host/db
postgres://user:${PASS}@host/db
1234567890123456 and 4111111111111112
1732096586238 1732096586238123456 20261120081626238
gh~p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
sk-learning-rate-scheduler-config-name
xoxb-your-slack-token
sk-ant-your-key-goes-here
token: TextGenerationStreamOutputToken
risk-assessment-of-the-whole-thing-today
Authorization: Bearer <token>
Authorization: Bearer $TOKEN
Authorization header is required
Cookie: chocolate chip
cookie: theme=dark
the password is sha256 hashed
secret_name: my-app-secrets
def login(password: str, token: str) -> None:
token: Optional[str] = None
const password = req.body.password;
"token": "{{ token }}"
api_key: ${{ secrets.API_KEY }}
apiKey: process.env.API_KEY
primary_key = "user_id_12345"
Use --password to pass it, or --token <token>
password policy: 12 characters
tests/test_token.py::test_password PASSED
0.4111111111111111
"type": "password"
secrets.token_hex(16)
PWD: /home/dev/project
""".strip().splitlines()


@pytest.mark.parametrize("said", SECRETS)
def test_a_secret_is_masked_and_nothing_else(said: str) -> None:
    result = redact(said.replace("~", ""))
    assert result.text == SECRETS[said]
    assert sum(result.counts.values()) == 1


@pytest.mark.parametrize("said", HARMLESS)
def test_what_only_looks_like_a_secret_stays(said: str) -> None:
    text = said.replace("~", "")
    assert redact(text).text == text
    assert redact(text).counts == {}


@pytest.mark.parametrize(
    ("said", "left", "blocks"),
    [
        ("a <private>x</private> b", "a  b", 1),
        ("a<PRIVATE reason='x'>x</ Private >b", "ab", 1),
        ("a<private>x<private>y</private>z</private>b", "ab", 1),
        ("a<private>1</private>b<private>2</private>c", "abc", 2),
        ("a <private>never closed\n\nmore", "a ", 1),
        ("a<private>x<private>y</private> still private", "a", 1),
        ("```\n<private>in code</private>\n```", "```\n\n```", 1),
        ("a＜private＞密＜/private＞b", "ab", 1),
        ("a<private/>b", "a<private/>b", 0),
        ("a </private> b <privateer> <my-private>", "a </private> b <privateer> <my-private>", 0),
        ("a<private x</private>b", "ab", 1),
        ("speak of a <private tag", "speak of a <private tag", 0),
        ("<private>only this</private>", "", 1),
    ],
)
def test_private_blocks_go_whole(said: str, left: str, blocks: int) -> None:
    result = redact(said)
    assert result.text == left
    assert result.counts == ({"private": blocks} if blocks else {})


def test_a_seam_makes_no_new_private_tag() -> None:
    result = redact("<pri<private></private>vate>hidden</private>")
    assert redact(result.text).text == result.text


def test_machinery_goes_where_it_is_a_whole_wrapper() -> None:
    said = "before\n<system-reminder>\nbe nice\n</system-reminder>\nafter"
    assert redact(said).text == "before\n\nafter"
    assert redact("<persisted-output>big</persisted-output>").text == ""
    assert redact(said).counts == {}


@pytest.mark.parametrize(
    "said", ["what is `<system-reminder>x</system-reminder>`?", "<system-reminder> open", "a </system-reminder>"]
)
def test_machinery_that_is_only_spoken_of_stays(said: str) -> None:
    assert redact(said).text == said


def test_a_secret_inside_a_private_block_is_counted_as_private_only() -> None:
    assert redact("<private>password=hunter2</private>").counts == {"private": 1}


def test_kinds_are_counted() -> None:
    text = "password=hunter2 and password=hunter3 and 4111 1111 1111 1111"
    assert redact(text).counts == {"password": 2, "credit-card": 1}


def test_a_named_value_is_masked_by_its_name() -> None:
    assert redact_field("db_password", "hunter2").text == "[password redacted]"
    assert redact_field("category", "hunter2").text == "hunter2"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*(said.replace("~", "") for said in SECRETS), "<private>", "</private>", "İ", "\n"]),
            st.text(max_size=8),
        ),
        max_size=6,
    )
)
def test_redaction_is_stable(parts: list[str]) -> None:
    once = redact(" ".join(parts)).text
    assert redact(once).text == once


SEEDS = [
    "a", "1", "1 ", "4111 ", "<private>", "</private>", "<private", "<private></private>", "<system-reminder>\n",
    "eyJ", "eyJaaaaaaaaaaaa.", "AKIA", "sk-", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", 'password="',
    "password is ", "api_key=", "aws secret key ", "cookie: a=", "authorization: bearer ", "://a:", "a:b@tcp(",
    "密码：", "curl -u a:", "İ",
]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_text_takes_linear_time(seed: str) -> None:
    text = seed * (200_000 // len(seed))
    start = time.perf_counter()
    redact(text)
    assert time.perf_counter() - start < 3
