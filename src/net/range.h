// Conditional requests and byte ranges (RFC 9110 sections 13 and 14), applied to what a handler answered.
#pragma once

#include "net/http.h"

namespace hf::net {

// For a GET or HEAD that was answered 200: If-None-Match and If-Modified-Since can make it 304; Range (with
// If-Range) 206 or 416 where the content is a file or a shared text. A list of ranges is answered in full, which
// section 14.2 allows and which no client of ours needs.
void apply_conditions(const Request& request, Response& response);

}  // namespace hf::net
