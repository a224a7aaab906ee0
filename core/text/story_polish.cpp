#include "core/text/story_grammar.h"

#include <array>
#include <cctype>

namespace tt {

namespace {

constexpr std::string_view paragraph = "//";

bool isLetter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

/// Spaces become single, ` // ` an empty line.
std::string laidOut(std::string_view text) {
    std::string out;
    bool gap = false, newParagraph = false;
    while (!text.empty()) {
        if (text.front() == ' ' || text.starts_with(paragraph)) {
            newParagraph = newParagraph || text.front() != ' ';
            gap = true;
            text.remove_prefix(text.front() == ' ' ? 1 : paragraph.size());
            continue;
        }
        if (gap && !out.empty())
            out += newParagraph ? "\n\n" : " ";
        gap = newParagraph = false;
        out += text.front();
        text.remove_prefix(1);
    }
    return out;
}

/// Whether a word that stands at `at` begins a sentence. After `!"` and `?"` the sentence may go on ("said Tom"), so
/// there the grammar writes capitals itself.
bool beginsSentence(std::string_view text, size_t at, bool insideQuote) {
    if (at == 0)
        return true;
    const char before = text[at - 1];
    if (before == '\n')
        return true;
    if (before == '"')
        return insideQuote;
    if (before != ' ' || at < 2)
        return false;
    const char end = text[at - 2];
    return end == '.' || end == '!' || end == '?' || (end == '"' && at >= 3 && text[at - 3] == '.');
}

void capitaliseSentences(std::string &text) {
    bool insideQuote = false;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"')
            insideQuote = !insideQuote;
        else if (isLetter(text[i]) && beginsSentence(text, i, insideQuote))
            text[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[i])));
    }
}

/// Whether a word is spoken with a vowel first; the exceptions are those that the grammar can produce.
bool startsWithVowelSound(std::string_view word) {
    static constexpr std::array<std::string_view, 4> exceptions{"one", "uni", "use", "eu"};
    for (const std::string_view start : exceptions) {
        if (word.starts_with(start))
            return false;
    }
    return std::string_view("aeiouAEIOU").find(word.front()) != std::string_view::npos || word.starts_with("hour");
}

std::string withArticles(const std::string &text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        const bool alone = (text[i] == 'a' || text[i] == 'A') && (i == 0 || !isLetter(text[i - 1])) &&
                           i + 2 < text.size() && text[i + 1] == ' ' && (i == 0 || text[i - 1] != '\'');
        if (alone && startsWithVowelSound(std::string_view(text).substr(i + 2)))
            out += 'n';
    }
    return out;
}

} // namespace

std::string polishStory(std::string_view text) {
    std::string story = laidOut(text);
    capitaliseSentences(story);
    return withArticles(story);
}

} // namespace tt
