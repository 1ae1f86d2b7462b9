// Each form against the tool that takes it: imgtool and a boot loader of Python, swupdate, rauc, openssl cms, cbor2.
#include "encryption/forms.h"

#include <set>

#include "crypto/random.h"
#include "encryption/inspect.h"
#include "keys/formats/cpio.h"
#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"
#include "keys/formats/mcuboot_image.h"

namespace hf::encryption {
namespace {

using namespace keys::fixture;
const std::string kTools = std::string(HF_TEST_DATA) + "/../interop/";
const std::string kImgtool = kTools + "formats/imgtool ";
const std::string kPython = "/usr/bin/python3 -B " + kTools + "encryption/";

bool has_python(const std::string& modules) { return run("/usr/bin/python3 -c 'import " + modules + "'").exit == 0; }
#define HF_NEED_PYTHON(modules) \
  if (!has_python(modules)) GTEST_SKIP() << "needs Debian's python3 modules " modules

// A device's key: its private half in a file, as the tools want it.
struct Device {
  Device(const TempDir& dir, const std::string& name, const std::string& kind) : file(dir.path() / (name + ".pem")) {
    const auto made = run("openssl genpkey -algorithm " + kind + " -out " + file.string());
    EXPECT_EQ(made.exit, 0) << made.output;
    const auto pub = dir.path() / (name + ".pub.pem");
    EXPECT_EQ(run("openssl pkey -pubout -in " + file.string() + " -out " + pub.string()).exit, 0);
    if (kind != "X25519") {
      certificate = dir.path() / (name + ".crt");
      const auto signed_by_itself = run("openssl req -x509 -new -key " + file.string() + " -subj /CN=" + name +
                                        " -days 3650 -out " + certificate.string());
      EXPECT_EQ(signed_by_itself.exit, 0) << signed_by_itself.output;
    }
    key = *crypto::recipient_key_of(read_file(certificate.empty() ? pub : certificate));
  }
  fs::path file, certificate{};
  crypto::RecipientKey key;
};
const std::string kP256 = "EC -pkeyopt ec_paramgen_curve:P-256", kX25519 = "X25519",
                  kRsa2048 = "RSA -pkeyopt rsa_keygen_bits:2048";

Result<void> encrypt(const char* form, const fs::path& in, ByteView key, const Recipients& recipients,
                     const fs::path& out) {
  const auto* how = find_form(form);
  HF_TRY(const auto artifact, keys::SourceFile::open(in));
  HF_TRY(auto target, keys::TargetFile::create(out));
  HF_TRY(auto second, keys::TargetFile::create(out.string() + ".beside"));
  HF_CHECK(how->encrypt(artifact, key, recipients, target, how->beside.empty() ? nullptr : &second));
  if (!how->beside.empty()) HF_CHECK(second.keep());
  return target.keep();
}
std::string refusal(const Result<void>& done) {
  return done ? "none" : std::string(done.error().code) + " " + done.error().message;
}
Result<Seen> seen(const fs::path& path) { return inspect(*keys::SourceFile::open(path)); }

struct McubootCase {
  const char* name;
  std::string kind, tlv, how;
  std::size_t key_size;
};
class McubootForm : public testing::TestWithParam<McubootCase> {};

TEST_P(McubootForm, IsDecryptedToWhatWasSigned) {
  const auto& c = GetParam();
  const TempDir dir;
  const TestKey signer(KeyAlgorithm::ecdsa_p256);
  const auto plain = dir.path() / "app.bin", image = dir.path() / "app.signed", out = dir.path() / "app.enc";
  const auto payload = noise(70'001);
  write_file(plain, payload);
  const auto& format = *keys::find_format("mcuboot");
  const auto done = sign(format, plain, signer, context_of(signer, SignatureScheme::ecdsa_p256_sha256), image,
                         {{"version", "1.2.3"},
                          {"header-size", "0x200"},
                          {"pad-header", "true"},
                          {"security-counter", 7},
                          {"encrypted", std::to_string(c.key_size * 8)}});
  ASSERT_TRUE(done) << done.error().message;
  const keys::Trust trust{.keys = {signer.key()}, .certificates = {}};
  const auto view = format.verify({image, {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->facts.at("encrypted_afterwards").as_string(), "aes-" + std::to_string(c.key_size * 8));

  const Device device(dir, "device", c.kind);
  const auto key = crypto::random_bytes(c.key_size);
  const auto encrypted = encrypt("mcuboot", image, key, {device.key}, out);
  ASSERT_TRUE(encrypted) << encrypted.error().message;
  const auto bytes = read_file(out);
  EXPECT_EQ(std::search(bytes.begin(), bytes.end(), payload.begin(), payload.begin() + 16), bytes.end());
  EXPECT_NE(format.verify({out, {}}, trust).error().message.find("encrypted"), std::string::npos);
  const auto what = seen(out);
  ASSERT_TRUE(what) << what.error().message;
  EXPECT_EQ(what->cipher, c.key_size == 16 ? "AES-128-CTR" : "AES-256-CTR");
  ASSERT_EQ(what->recipients.size(), 1U);
  EXPECT_EQ(what->recipients[0].how, c.how);
  EXPECT_FALSE(seen(image)) << "a signed image is not an encrypted one";

  HF_NEED_PYTHON("cryptography");
  const auto opened = dir.path() / "opened";
  const auto open = [&](const fs::path& with) {
    return run(kPython + "mcuboot_open.py " + out.string() + " " + with.string() + " " + opened.string());
  };
  const auto python = open(device.file);
  ASSERT_EQ(python.exit, 0) << python.output;
  EXPECT_EQ(trim(python.output), c.tlv + " " + to_hex(key));
  const auto back = read_file(opened);
  EXPECT_TRUE(std::equal(payload.begin(), payload.end(), back.begin() + 0x200));
  const Device stranger(dir, "stranger", c.kind);
  EXPECT_NE(open(stranger.file).exit, 0);

  if (run(kImgtool + "version").exit != 0) GTEST_SKIP() << "needs imgtool";
  write_file(dir.path() / "signer.pem", to_pem(signer.key()));
  const auto verify = kImgtool + "verify -k " + (dir.path() / "signer.pem").string() + " ";
  const auto imgtool = run(verify + opened.string());
  EXPECT_EQ(imgtool.exit, 0) << imgtool.output;
  EXPECT_NE(run(verify + out.string()).exit, 0) << "the ciphertext is not what was signed";
  const auto dump = run(kImgtool + "dumpinfo " + out.string());
  EXPECT_EQ(dump.exit, 0) << dump.output;
  EXPECT_NE(dump.output.find("ENC"), std::string::npos) << dump.output;
}
INSTANTIATE_TEST_SUITE_P(Keys, McubootForm,
                         testing::Values(McubootCase{"p256", kP256, "0x32", "ECIES-P256", 16},
                                         McubootCase{"p256_256", kP256, "0x32", "ECIES-P256", 32},
                                         McubootCase{"x25519", kX25519, "0x33", "ECIES-X25519", 16},
                                         McubootCase{"x25519_256", kX25519, "0x33", "ECIES-X25519", 32},
                                         McubootCase{"rsa", kRsa2048, "0x30", "RSA-2048-OAEP", 16}),
                         [](const auto& of) { return of.param.name; });

// The boot loader of the tests takes imgtool's own images: so what it takes of ours is what imgtool makes.
TEST(McubootForms, TheToolsOfTheTestsAgreeWithImgtool) {
  HF_NEED_PYTHON("cryptography");
  if (run(kImgtool + "version").exit != 0) GTEST_SKIP() << "needs imgtool";
  const TempDir dir;
  const auto plain = dir.path() / "app.bin";
  const auto payload = noise(5000);
  write_file(plain, payload);
  const Device signer(dir, "signer", kP256), device(dir, "device", kP256);
  const auto imgtool = [&](const std::string& more, const fs::path& out) {
    const auto made = run(kImgtool + "sign -k " + signer.file.string() +
                          " --header-size 0x200 --pad-header --align 4 -S 0x10000 -v 1.0.0 -E " + device.file.string() +
                          " " + more + plain.string() + " " + out.string());
    ASSERT_EQ(made.exit, 0) << made.output;
  };
  const auto theirs = dir.path() / "theirs", clear = dir.path() / "clear", ours = dir.path() / "ours";
  imgtool("", theirs);
  const auto opened = dir.path() / "opened";
  const auto open =
      run(kPython + "mcuboot_open.py " + theirs.string() + " " + device.file.string() + " " + opened.string());
  ASSERT_EQ(open.exit, 0) << open.output;
  const auto back = read_file(opened);
  EXPECT_TRUE(std::equal(payload.begin(), payload.end(), back.begin() + 0x200));
  EXPECT_EQ(seen(theirs)->recipients.size(), 1U);
  // --clear leaves the content key for the second slot in the image, which then counts as encrypted.
  imgtool("--clear ", clear);
  EXPECT_NE(refusal(encrypt("mcuboot", clear, Bytes(16, 1), {device.key}, ours)).find("HF-FORMAT-0004"),
            std::string::npos);
}

TEST(McubootForms, WhatCannotBootIsRefused) {
  const TempDir dir;
  const TestKey signer(KeyAlgorithm::ecdsa_p256);
  const Device device(dir, "device", kP256);
  const auto plain = dir.path() / "app.bin", image = dir.path() / "image", out = dir.path() / "out";
  write_file(plain, noise(300));
  const auto signed_with = [&](JsonObject options) {
    options["version"] = "1.0.0", options["pad-header"] = "true";
    ASSERT_TRUE(sign(*keys::find_format("mcuboot"), plain, signer,
                     context_of(signer, SignatureScheme::ecdsa_p256_sha256), image, options));
  };
  const auto refused = [&](std::size_t size, const Recipients& recipients) {
    return refusal(encrypt("mcuboot", image, Bytes(size, 7), recipients, out));
  };
  signed_with({});
  EXPECT_NE(refused(16, {device.key}).find("does not say that it is encrypted"), std::string::npos);
  signed_with({{"encrypted", "256"}});
  EXPECT_NE(refused(16, {device.key}).find("AES-256"), std::string::npos);
  EXPECT_NE(refused(32, {}).find("one recipient"), std::string::npos);
  EXPECT_NE(refused(32, {device.key, device.key}).find("one recipient"), std::string::npos);
  auto bytes = read_file(image);
  bytes[100] ^= 1;
  write_file(image, bytes);
  EXPECT_NE(refused(32, {device.key}).find("not of this image"), std::string::npos);
  signed_with({{"encrypted", "256"}, {"slot-size", "0x1000"}});
  EXPECT_NE(refused(32, {device.key}).find("padded"), std::string::npos);
  bytes = keys::mcuboot::to_bytes({.image_size = 0, .flags = 4, .header_size = 32});
  write_file(image, bytes);
  EXPECT_NE(refused(16, {device.key}).find("not signed"), std::string::npos);
  EXPECT_FALSE(fs::exists(out));
}

Bytes archive(std::string_view magic, const std::vector<std::pair<std::string, Bytes>>& members) {
  Bytes out;
  for (const auto& [name, data] : members) keys::put(out, keys::cpio_member(magic, name, data));
  keys::put(out, keys::cpio_member(magic, "TRAILER!!!", {}));
  out.resize((out.size() + 511) / 512 * 512);
  return out;
}
Bytes bytes_from(std::string_view text) { return {text.begin(), text.end()}; }

class SwuForm : public testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  static std::string description(bool json, const fs::path& target, const Bytes& rootfs, const Bytes& script) {
    const auto sha = [](const Bytes& bytes) { return to_hex(digest_of(crypto::Digest::sha256, bytes)); };
    if (json)
      return R"({"software": {"version": "1.2.3", "hardware-compatibility": ["1.0"], "images": [{"filename": "rootfs.bin",
        "type": "rawfile", "path": ")" +
             target.string() + R"(", "sha256": ")" + sha(rootfs) +
             R"("}], "scripts": [{"filename": "post.sh", "type": "shellscript", "sha256": ")" + sha(script) +
             R"("}]}})";
    return "software =\n{\n  version = \"1.2.3\"; # of CI\n  hardware-compatibility: [ \"1.0\" ];\n  images: (\n    { "
           "filename = \"rootfs.bin\"; type = \"rawfile\"; path = \"" +
           target.string() + "\"; sha256 = \"" + sha(rootfs) +
           "\"; }\n  );\n  scripts: ( { filename = \"post.sh\"; type = \"shellscript\"; sha256 = \"" + sha(script) +
           "\"; } );\n}\n";
  }
};

TEST_P(SwuForm, IsInstalledBySwupdateWithTheKeyFileOfTheEnvelope) {
  const auto [magic, json] = GetParam();
  const TempDir dir;
  const Device rsa(dir, "gateway-1", kRsa2048), p256(dir, "gateway-2", kP256);
  const auto rootfs = noise(5001), script = bytes_from("#!/bin/sh\nexit 0\n");
  const auto in = dir.path() / "in.swu", out = dir.path() / "enc.swu", target = dir.path() / "installed.bin";
  write_file(in, archive(magic, {{"sw-description", bytes_from(description(json, target, rootfs, script))},
                                 {"rootfs.bin", rootfs},
                                 {"post.sh", script}}));
  const auto key = crypto::random_bytes(32);
  const auto done = encrypt("swu", in, key, {rsa.key, p256.key}, out);
  ASSERT_TRUE(done) << done.error().message;
  const auto what = seen(out);
  ASSERT_TRUE(what) << what.error().message;
  EXPECT_EQ(what->parts, (std::vector<std::string>{"rootfs.bin", "post.sh"}));
  const auto envelope = seen(out.string() + ".beside");
  ASSERT_TRUE(envelope) << envelope.error().message;
  EXPECT_EQ(envelope->recipients.size(), 2U);
  EXPECT_NE(refusal(encrypt("swu", out, key, {rsa.key}, dir.path() / "twice")).find("encrypted already"),
            std::string::npos);

  const TestKey signer(KeyAlgorithm::ecdsa_p256);
  const auto certificate = signer.certificate({.name = "Signer", .eku = {"emailProtection"}});
  write_file(dir.path() / "ca.pem", hf::test::certificate_pem(certificate));
  const auto ready = dir.path() / "ready.swu";
  const auto signing = sign(*keys::find_format("swu"), out, signer,
                            context_of(signer, SignatureScheme::ecdsa_p256_sha256, certificate), ready);
  ASSERT_TRUE(signing) << signing.error().message;
  EXPECT_NE(refusal(encrypt("swu", ready, key, {rsa.key}, dir.path() / "twice")).find("signed already"),
            std::string::npos);

  // Each device opens the key file with its own key.
  const auto key_file = dir.path() / "key";
  for (const auto* device : {&rsa, &p256}) {
    const auto cms =
        run("openssl cms -decrypt -inform DER -in " + out.string() + ".beside -inkey " + device->file.string() +
            " -recip " + device->certificate.string() + " -out " + key_file.string());
    ASSERT_EQ(cms.exit, 0) << cms.output;
    EXPECT_TRUE(text_of(read_file(key_file)).starts_with(to_hex(key) + " "));
  }
  HF_NEED_TOOL("swupdate", "swupdate");
  if (::geteuid() != 0) GTEST_SKIP() << "swupdate installs as root alone";
  const auto install = [&](const fs::path& with) {
    // Made again as in keys/formats/swu_test.cpp, and for its reason.
    constexpr int kTries = 20;
    for (int tries = 1;; ++tries) {
      auto ran = run("TMPDIR=" + dir.path().string() + " timeout --signal=KILL 30 swupdate -v -H gateway:1.0 -K " +
                     with.string() + " -k " + (dir.path() / "ca.pem").string() + " -i " + ready.string());
      const auto begun = ran.output.find("SWUPDATE started"), ended = ran.output.find("[endupdate]");
      if ((ran.exit != 137 && begun != std::string::npos && ended != std::string::npos && begun < ended) ||
          tries == kTries)
        return ran;
    }
  };
  const auto installed = install(key_file);
  EXPECT_NE(installed.output.find("SWUPDATE successful !"), std::string::npos) << installed.output;
  EXPECT_EQ(read_file(target), rootfs);
  fs::remove(target);
  write_file(dir.path() / "other", to_hex(Bytes(32, 9)) + " " + to_hex(Bytes(16)) + "\n");
  const auto refused = install(dir.path() / "other");
  EXPECT_EQ(refused.output.find("SWUPDATE successful !"), std::string::npos) << refused.output;
}
INSTANTIATE_TEST_SUITE_P(Archives, SwuForm, testing::Combine(testing::Values("070701", "070702"), testing::Bool()),
                         [](const auto& of) {
                           return std::string(std::get<0>(of.param) == std::string("070701") ? "newc" : "crc") +
                                  (std::get<1>(of.param) ? "_json" : "_libconfig");
                         });

TEST(SwuForms, NeedCertificates) {
  const TempDir dir;
  const Device device(dir, "device", kX25519);
  write_file(dir.path() / "in",
             archive("070701", {{"sw-description", bytes_from("software = { version = \"1\"; };")}}));
  EXPECT_NE(
      refusal(encrypt("swu", dir.path() / "in", Bytes(32), {device.key}, dir.path() / "out")).find("--certificate"),
      std::string::npos);
}

TEST(RaucForm, IsReadAndExtractedByRauc) {
  HF_NEED_TOOL("rauc", "rauc");
  HF_NEED_TOOL("mksquashfs", "squashfs-tools");
  const TempDir dir;
  const Device signer(dir, "signer", kP256), one(dir, "device-1", kRsa2048), two(dir, "device-2", kP256);
  const auto in = dir.path() / "in", bundle = dir.path() / "update.raucb", out = dir.path() / "update.enc.raucb";
  fs::create_directory(in);
  const auto rootfs = noise(20'000);
  write_file(in / "rootfs.img", rootfs);
  write_file(in / "manifest.raucm",
             "[update]\ncompatible=px\nversion=1\n\n[bundle]\nformat=crypt\n\n[image.rootfs]\nfilename=rootfs.img\n");
  const auto made = run("rauc --cert " + signer.certificate.string() + " --key " + signer.file.string() + " bundle " +
                        in.string() + " " + bundle.string());
  ASSERT_EQ(made.exit, 0) << made.output;
  const auto key = content_key_in(*keys::SourceFile::open(bundle));
  ASSERT_TRUE(key && *key) << key.error().message;
  EXPECT_EQ((*key)->size(), 32U);
  const auto done = encrypt("rauc", bundle, (*key)->bytes(), {one.key, two.key}, out);
  ASSERT_TRUE(done) << done.error().message;
  const auto bytes = read_file(out);
  EXPECT_EQ(text_of(bytes).find(to_hex((*key)->bytes())), std::string_view::npos)
      << "the manifest's key is in the envelope";
  const auto what = seen(out);
  ASSERT_TRUE(what) << what.error().message;
  EXPECT_EQ(what->recipients.size(), 2U);
  EXPECT_EQ(std::set<std::string>({what->recipients[0].issuer, what->recipients[1].issuer}),
            (std::set<std::string>{"CN=device-1", "CN=device-2"}));

  for (const auto* device : {&one, &two}) {
    write_file(dir.path() / "system.conf",
               "[system]\ncompatible=px\nbootloader=noop\n[keyring]\npath=" + signer.certificate.string() +
                   "\n[encryption]\nkey=" + device->file.string() + "\ncert=" + device->certificate.string() + "\n");
    const auto rauc = "rauc -c " + (dir.path() / "system.conf").string();
    const auto info = run(rauc + " info " + out.string());
    EXPECT_EQ(info.exit, 0) << info.output;
    EXPECT_NE(info.output.find("encrypted CMS"), std::string::npos) << info.output;
    const auto extracted = dir.path() / device->file.stem();
    const auto extract = run(rauc + " extract " + out.string() + " " + extracted.string());
    ASSERT_EQ(extract.exit, 0) << extract.output;
    EXPECT_EQ(read_file(extracted / "rootfs.img"), rootfs);
  }
  const auto stranger = run("rauc --keyring " + signer.certificate.string() + " info " + out.string());
  EXPECT_NE(stranger.exit, 0) << stranger.output;

  EXPECT_NE(refusal(encrypt("rauc", out, (*key)->bytes(), {one.key}, dir.path() / "x")).find("encrypted already"),
            std::string::npos);
  EXPECT_NE(refusal(encrypt("rauc", bundle, Bytes(32), {one.key}, dir.path() / "x")).find("not the content key"),
            std::string::npos);
  EXPECT_NE(refusal(encrypt("rauc", in / "rootfs.img", Bytes(32), {one.key}, dir.path() / "x")).find("no signed RAUC"),
            std::string::npos);
}

class CoseForm : public testing::TestWithParam<std::tuple<const char*, std::size_t>> {};

TEST_P(CoseForm, IsOpenedByEachRecipient) {
  const auto [form, size] = GetParam();
  const TempDir dir;
  const Device one(dir, "one", kP256), two(dir, "two", kX25519), rsa(dir, "three", kRsa2048);
  const auto in = dir.path() / "in", out = dir.path() / "out", opened = dir.path() / "opened";
  const auto plain = noise(3'000'007);  // several pieces
  write_file(in, plain);
  const auto key = crypto::random_bytes(size);
  const auto done = encrypt(form, in, key, {one.key, two.key}, out);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(fs::file_size(out), plain.size() + 16);
  const auto what = seen(out.string() + ".beside");
  ASSERT_TRUE(what) << what.error().message;
  ASSERT_EQ(what->recipients.size(), 2U);
  EXPECT_EQ(what->recipients[1].fingerprint, to_hex(two.key.fingerprint()));
  EXPECT_NE(refusal(encrypt(form, in, key, {rsa.key}, out)).find("HF-RECIPIENT-0004"), std::string::npos);

  HF_NEED_PYTHON("cbor2, cryptography");
  for (const auto* device : {&one, &two}) {
    const auto open = [&](const std::string& use) {
      return run(kPython + "cose_open.py " + out.string() + ".beside " + out.string() + " " + device->file.string() +
                 " " + opened.string() + use);
    };
    const bool suit = std::string_view(form) == "suit";
    const auto python = open(suit ? " suit" : "");
    ASSERT_EQ(python.exit, 0) << python.output;
    EXPECT_EQ(read_file(opened), plain);
    EXPECT_NE(open(suit ? "" : " suit").exit, 0) << "the key is bound to its use";
  }
}
INSTANTIATE_TEST_SUITE_P(Uses, CoseForm,
                         testing::Combine(testing::Values("cose", "suit"),
                                          testing::Values(std::size_t{16}, std::size_t{32})),
                         [](const auto& of) {
                           return std::string(std::get<0>(of.param)) + "_" + std::to_string(std::get<1>(of.param));
                         });

TEST(Inspect, IsOfEncryptedFilesAlone) {
  const TempDir dir;
  const auto file = dir.path() / "file";
  for (const auto& bytes : {Bytes{}, Bytes{1, 2, 3}, noise(100'000), Bytes{0xd8, 0x60}, archive("070701", {})}) {
    write_file(file, bytes);
    EXPECT_FALSE(seen(file));
  }
  write_file(file, noise(100'000));
  EXPECT_EQ(seen(file).error().code, "HF-ENCRYPT-0030");
}

}  // namespace
}  // namespace hf::encryption
