// tokenizer.json: one that is read encodes any text so that it decodes to itself, and is written as it was read.
#include "core/error.h"
#include "core/text/tokenizer.h"
#include "fuzz/target.h"

using namespace tt;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz::write("tokenizer.json", fuzz::text(data, size));
    try {
        const Tokenizer tokenizer = Tokenizer::load(fuzz::folder());
        const std::string text = "Once upon a time there was aaaaaaaa abab \xE2\x80\x9Cquote\xE2\x80 \xff<|endoftext|>";
        fuzz::require(tokenizer.decode(tokenizer.encode(text)) == text, "text comes back");
        fuzz::require(tokenizer.decode(tokenizer.encodeOrdinary(text)) == text, "ordinary text comes back");
        const auto copy = fuzz::folder() / "copy";
        std::filesystem::remove_all(copy);
        tokenizer.save(copy);
        const Tokenizer again = Tokenizer::load(copy);
        fuzz::require(again.vocabSize() == tokenizer.vocabSize() && again.encode(text) == tokenizer.encode(text),
                      "what is saved is the same tokenizer");
    } catch (const Error &error) {
        fuzz::require(*error.what() != '\0', "an error says something");
    }
    return 0;
}
