#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

namespace hf {
namespace {

TEST(Clock, Rfc3339IsReadWithItsOffsetAndWrittenInUtc) {
  for (const auto& [in, out] : {std::pair{"2026-11-23T09:30:00+01:00", "2026-11-23T08:30:00Z"},
                                {"2026-11-23T09:30:00.25Z", "2026-11-23T09:30:00.250000Z"},
                                {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
                                {"2026-11-23", "2026-11-23T00:00:00Z"},
                                {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"}}) {
    const auto time = parse_rfc3339(in);
    ASSERT_TRUE(time) << in;
    EXPECT_EQ(format_rfc3339(*time), out);
  }
  for (const auto* bad : {"", "2026", "2026-02-30", "2026-11-23T09:30:00", "2026-11-23T24:00:00Z",
                          "2026-11-23T09:30:00.Z", "2026-11-23T09:30:00+1", "2026-11-23T09:30:00Zx"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

TEST(Text, HexAndBase64ReadBackWhatTheyWrite) {
  Bytes bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes.push_back(std::uint8_t(i * 37));
  }
  for (const auto* bad : {"A", "AA=A", "AB==", "AAB=", "A A=", "===="}) EXPECT_FALSE(from_base64(bad)) << bad;
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Text, Utf8RefusesOverlongsSurrogatesAndTruncation) {
  EXPECT_TRUE(is_utf8("z\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92"));
  for (const auto* bad : {"\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(Json, DuplicateKeysDepthAndTrailingTextAreRefused) {
  EXPECT_TRUE(parse_json(R"({"a":{"a":1},"b":[{"a":1}]})"));
  EXPECT_EQ(parse_json(R"({"a":1,"a":2})").error().code, "HF-JSON-0001");
  EXPECT_EQ(parse_json(R"({"a":1,"\u0061":2})").error().code, "HF-JSON-0001");
  EXPECT_EQ(parse_json("{} x").error().code, "HF-JSON-0001");
  EXPECT_EQ(parse_json("{").error().code, "HF-JSON-0001");
  EXPECT_EQ(parse_json("\"\xff\"").error().code, "HF-JSON-0001");
  EXPECT_EQ(parse_json(std::string(100, '[')).error().code, "HF-JSON-0002");
  EXPECT_EQ(parse_json("[1]", {.bytes_max = 2}).error().code, "HF-JSON-0002");
}

// RFC 8785 section 3.2.3 gives this order of keys.
TEST(Json, CanonicalFormSortsByUtf16AndEscapesAsRfc8785) {
  const auto value = parse_json(
      R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",)"
      R"("\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})");
  ASSERT_TRUE(value);
  EXPECT_EQ(
      *canonical_json(*value),
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":\"Latin Small Letter O With "
      "Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":"
      "\"Hebrew Letter Dalet With Dagesh\"}");
  EXPECT_EQ(*canonical_json(*parse_json(R"(["\u0001\"\\\/\u007f",-5,true,null])")),
            "[\"\\u0001\\\"\\\\/\x7f\",-5,true,null]");
  EXPECT_EQ(canonical_json(Json(1.5)).error().code, "HF-JSON-0003");
  EXPECT_EQ(canonical_json(Json(std::int64_t(1) << 53)).error().code, "HF-JSON-0003");
}

}  // namespace
}  // namespace hf
