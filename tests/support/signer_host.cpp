// A signer process for tests: the product's is `holdfast signer`.
#include "keys/keys_test.h"
#include "keys/signer/process.h"
#include "keys/signer/supervisor.h"

int main() {
  const hf::SystemClock clock;
  return hf::keys::run_signer(hf::keys::kSignerChannel, clock, &hf::keys::test::find_text_format);
}
