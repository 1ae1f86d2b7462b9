// What a browser may do with the operator UI: run our script, use our style sheet, ask our API; nothing else.
#pragma once

#include <string_view>

namespace hf::web {

// No inline script or style, nobody else's content, no frames. Trusted Types: markup can only come from the templates
// that were compiled into the script (Svelte's policy), never from a string that a component of ours put together.
inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

}  // namespace hf::web
