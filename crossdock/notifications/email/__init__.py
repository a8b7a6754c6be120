"""Mails to customers, made from events: which (content), in which words (languages, rendering), to whom (addresses), as what
bytes (message), and by which server (sending). `letters.write` does all but the sending.
"""
