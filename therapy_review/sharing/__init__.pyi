from . import cautions as cautions, clip as clip, export as export, plan as plan
from .page import share_page as share_page
