"""What a value of each type of field may be, how it is kept, and how it is read (`custom-fields-v4:1192`).

A value is kept in one form, which both versions of the API are views of. `registry` has one row for each of the types.
"""
