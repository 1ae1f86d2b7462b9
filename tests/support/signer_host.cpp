// A signer process for tests: the product's is `holdfast signer`.
#include "keys/formats/formats.h"
#include "keys/keys_test.h"
#include "keys/signer/process.h"
#include "keys/signer/supervisor.h"

int main() {
  const hf::SystemClock clock;
  // The tests' own format, and all of the product's.
  return hf::keys::run_signer(hf::keys::kSignerChannel, clock, [](std::string_view name) {
    const auto* text = hf::keys::test::find_text_format(name);
    return text ? text : hf::keys::find_format(name);
  });
}
