#include "core/text/story_generator.h"

#include "core/random.h"
#include "core/text/story_grammar.h"
#include "resources/resources.h"

#include <algorithm>

namespace tt {

namespace {

constexpr std::ptrdiff_t fewestWords = 60, mostWords = 250;

const StoryGrammar &grammar() {
    static const StoryGrammar parsed = [] {
        StoryGrammar made;
        for (const std::string_view name : resourceNames("stories/"))
            made.add(resource(name));
        return made;
    }();
    return parsed;
}

std::ptrdiff_t wordsIn(const std::string &text) {
    return 1 + std::count_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; });
}

} // namespace

StoryGenerator::StoryGenerator(uint64_t seed) : seed_(seed) {}

std::string StoryGenerator::story(uint64_t index) const {
    Random random(mixSeed(seed_, index));
    while (true) {
        std::string text = polishStory(StoryWriter(grammar(), random).expandRule("plot"));
        if (const std::ptrdiff_t words = wordsIn(text); words >= fewestWords && words <= mostWords)
            return text;
    }
}

} // namespace tt
