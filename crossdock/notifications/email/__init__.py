"""E-mails to customers about their orders, made from events.

Which mail an event makes (mail_kinds), in which language (languages), with which texts (view, templating), to whom
(addresses), as which bytes (mime), through which server (smtp). `compose.compose_email` does everything but the sending.
"""
