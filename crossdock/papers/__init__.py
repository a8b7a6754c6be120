"""The papers of fulfillment as PDF: packing slips, pick lists, labels of packages, invoices and credit notes.

Pure functions of orders, fulfillments and invoices: no database, no clock; the same arguments give the same bytes. HarfBuzz is
imported with crossdock.papers.fonts, which is why a caller imports a paper's module only when it makes one.
"""
