"""Whether an installed recollect really works: it is used as an assistant would, and what was written is removed."""

from recollect.ops.verify.run import Limits, Verified, verify
from recollect.ops.verify.step import Verbs

__all__ = ["Limits", "Verbs", "Verified", "verify"]
