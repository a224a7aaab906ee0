// Cutting and encoding any bytes: they come back.
#include "core/text/tokenizer.h"
#include "core/text/utf8.h"
#include "fuzz/target.h"

using namespace tt;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const Tokenizer tokenizer = Tokenizer::fromMerges({{'a', 'a'},
                                                              {256, 256},
                                                              {' ', 't'},
                                                              {'h', 'e'},
                                                              {258, 259},
                                                              {0xE2, 0x80},
                                                              {261, 0x99},
                                                              {'\n', '\n'},
                                                              {257, 257}});
    const std::string_view text = fuzz::text(data, size);
    fuzz::require(tokenizer.decode(tokenizer.encodeOrdinary(text)) == text, "ordinary text comes back");
    const std::vector<int32_t> ids = tokenizer.encode(text);
    fuzz::require(tokenizer.decode(ids) == text, "text comes back");
    for (const int32_t id : ids)
        fuzz::require(isUtf8(tokenizer.text(id)), "a token is shown as text");
    const size_t valid = utf8PrefixLength(text);
    fuzz::require(isUtf8(text.substr(0, valid)) && (valid == text.size()) == isUtf8(text), "UTF-8 is recognised");
    fuzz::require(valid == text.size() || utf8CharacterLength(text.substr(valid)) == 0, "up to its first fault");
    fuzz::require(!hasMojibake(text) || text.size() > 2, "mojibake has some bytes");
    return 0;
}
