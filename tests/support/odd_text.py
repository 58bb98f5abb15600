"""Text that is hard to handle: invisible, combining, composed and control characters, and markup."""

from hypothesis import strategies as st

ODD_TEXT = st.text(
    st.sampled_from(
        "aZ é ß\u0301\u0327 \u00a0\u2800\t\n\r\u2028\x00\x1f\u200b\u200c\u200d\ufeff\u00ad\u202e\u034f\u3164\ufe0f\ud800"
        "<>/p&;nbsp\u0938\u094d\u0930\u0645\u06cc\u1820\u180e\u180b\u845b\U000e0100\u2764\U0001f525\U0001f3f4\U000e0067"
        "\U000e007f1\u20e3\u1100\u1161\u0f73\u212b"
    ),
    max_size=12,
)
