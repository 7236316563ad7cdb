from fks.kernel.dispatch import DONE as DONE
from fks.kernel.dispatch import Dispatcher as Dispatcher
from fks.kernel.dispatch import Item as Item
from fks.kernel.dispatch import LazyMeta as LazyMeta
from fks.kernel.dispatch import Topic as Topic
