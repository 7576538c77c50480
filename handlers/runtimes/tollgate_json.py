# Imported by the bootstrap python3: loads and dumps as json has them.
#
# Most of what json takes to load are regular expressions, which only its
# errors and its Python versions of things need.  Here is what it would call in
# C, and json itself wherever that does not do.


class Scanner:
    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {'NaN': float('nan'), 'Infinity': float('inf'),
                      '-Infinity': float('-inf')}.__getitem__
    memo = {}


def loads(text):
    try:
        value, end = scan(text, 0)
        if end == len(text):
            return value
    except StopIteration:
        pass
    import json     # blanks around it, or an error
    return json.loads(text)


def dumps(value, default=None):
    encode = make_encoder({}, default, encode_basestring, None, ': ', ', ',
                          False, False, True)
    return ''.join(encode(value, 0))


try:
    from _json import encode_basestring, make_encoder, make_scanner
    scan = make_scanner(Scanner)
    assert loads(dumps({'\u20ac': [1, None]})) == {'\u20ac': [1, None]}
except Exception:   # another Python than we know
    from json import loads

    def dumps(value, default=None):
        import json
        return json.dumps(value, ensure_ascii=False, default=default)
