"""Filters for people's own words in templates; loaded everywhere."""

from django import template

from models_app.texts import as_html, isolated

register = template.Library()

# In the middle of a page: {{ model|own }}.
register.filter("own", as_html)
# Where there are no elements: in attributes, in titles, in mails.
register.filter("isolated", isolated)
