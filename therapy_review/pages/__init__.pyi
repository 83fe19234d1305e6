from .joint import together as together
from .over_time import how_far as how_far, path_page as path_page
from .session import session_report as session_report
from .weekly import weekly_review as weekly_review
from .wings import agreement as agreement, bring_in as bring_in, share_page as share_page
