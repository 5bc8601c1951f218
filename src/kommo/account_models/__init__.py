"""What the modules made by `kommo models` are built of: classes of an account's own fields.

from my_crm import Lead, LeadColour       # made by: kommo models --entity leads --out my_crm.py

with Kommo("acme", token=...) as crm:
    lead = Lead.load(crm, 42)
    lead.budget = Decimal("1.5")          # a field of the account, of its exact type
    lead.colour = LeadColour.RED          # an option, with completion
    lead.note = None                      # cleared
    lead.save(crm)                        # sends these three and nothing else
"""

from kommo.account_models.marks import field, own
from kommo.account_models.option import Option
from kommo.account_models.record import Record
from kommo.account_models.source import Source

__all__ = ["Option", "Record", "Source", "field", "own"]
