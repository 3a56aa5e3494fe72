"""`codes`: the statuses by name, as attributes and items; and their usual phrases."""

from fastly_compute.requests.structures import LookupDict

_STATUSES = r"""
100 Continue: continue
101 Switching Protocols: switching_protocols
102 Processing: processing early-hints
103 Early Hints: checkpoint
122: uri_too_long request_uri_too_long
200 OK: ok okay all_ok all_okay all_good \o/ ✓
201 Created: created
202 Accepted: accepted
203 Non-Authoritative Information: non_authoritative_info non_authoritative_information
204 No Content: no_content
205 Reset Content: reset_content reset
206 Partial Content: partial_content partial
207 Multi-Status: multi_status multiple_status multi_stati multiple_stati
208 Already Reported: already_reported
226 IM Used: im_used
300 Multiple Choices: multiple_choices
301 Moved Permanently: moved_permanently moved \o-
302 Found: found
303 See Other: see_other other
304 Not Modified: not_modified
305 Use Proxy: use_proxy
306: switch_proxy
307 Temporary Redirect: temporary_redirect temporary_moved temporary
308 Permanent Redirect: permanent_redirect resume_incomplete resume
400 Bad Request: bad_request bad
401 Unauthorized: unauthorized
402 Payment Required: payment_required payment
403 Forbidden: forbidden
404 Not Found: not_found -o-
405 Method Not Allowed: method_not_allowed not_allowed
406 Not Acceptable: not_acceptable
407 Proxy Authentication Required: proxy_authentication_required proxy_auth proxy_authentication
408 Request Timeout: request_timeout timeout
409 Conflict: conflict
410 Gone: gone
411 Length Required: length_required
412 Precondition Failed: precondition_failed precondition
413 Content Too Large: request_entity_too_large content_too_large
414 URI Too Long: request_uri_too_large uri_too_long
415 Unsupported Media Type: unsupported_media_type unsupported_media media_type
416 Range Not Satisfiable: requested_range_not_satisfiable requested_range range_not_satisfiable
417 Expectation Failed: expectation_failed
418 I'm a Teapot: im_a_teapot teapot i_am_a_teapot
421 Misdirected Request: misdirected_request
422 Unprocessable Content: unprocessable_entity unprocessable unprocessable_content
423 Locked: locked
424 Failed Dependency: failed_dependency dependency
425 Too Early: unordered_collection unordered too_early
426 Upgrade Required: upgrade_required upgrade
428 Precondition Required: precondition_required precondition
429 Too Many Requests: too_many_requests too_many
431 Request Header Fields Too Large: header_fields_too_large fields_too_large
444: no_response none
449: retry_with retry
450: blocked_by_windows_parental_controls parental_controls
451 Unavailable For Legal Reasons: unavailable_for_legal_reasons legal_reasons
499: client_closed_request
500 Internal Server Error: internal_server_error server_error /o\ ✗
501 Not Implemented: not_implemented
502 Bad Gateway: bad_gateway
503 Service Unavailable: service_unavailable unavailable
504 Gateway Timeout: gateway_timeout
505 HTTP Version Not Supported: http_version_not_supported http_version
506 Variant Also Negotiates: variant_also_negotiates
507 Insufficient Storage: insufficient_storage
508 Loop Detected:
509: bandwidth_limit_exceeded bandwidth
510 Not Extended: not_extended
511 Network Authentication Required: network_authentication_required network_auth
511: network_authentication
"""

PHRASES: dict[int, str] = {}
"""The reason phrases of status lines (RFC 9110, section 15)."""

codes: LookupDict[int] = LookupDict("status_codes")
"""Every status by its names, in lower and in upper case: ``codes.not_found`` is 404."""

for _line in _STATUSES.strip().splitlines():
    _status, _, _names = _line.partition(":")
    _code, _, _phrase = _status.partition(" ")
    if _phrase:
        PHRASES[int(_code)] = _phrase
    for _name in _names.split():
        setattr(codes, _name, int(_code))
