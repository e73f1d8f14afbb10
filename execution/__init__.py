"""How an operation is answered, level by level. Knows GraphQL and no music."""

from execution.executor import BreadthFirstExecutor as BreadthFirstExecutor
from execution.kinds import CLASSES as CLASSES
from execution.kinds import KIND as KIND
from execution.kinds import TYPES as TYPES
from execution.kinds import WRITES as WRITES
from execution.kinds import Batched as Batched
from execution.kinds import Column as Column
from execution.kinds import Each as Each
from execution.kinds import Itself as Itself
from execution.kinds import Kind as Kind
from execution.kinds import Place as Place
from execution.kinds import Placed as Placed
from execution.kinds import Streamed as Streamed
from execution.kinds import Text as Text
from execution.run import Apart as Apart
