#include "ui/help/glossary.h"

#include "ui/help/manual.h"

#include <algorithm>
#include <map>

namespace tt {

namespace {

/// "## FVU, fraction of variance unexplained", then one paragraph.
std::vector<GlossaryTerm> read() {
    std::vector<GlossaryTerm> terms;
    const ManualPage *page = manualPage(QStringLiteral("glossary"));
    const QStringList parts = page ? page->markdown.split(QStringLiteral("\n## ")).mid(1) : QStringList();
    for (const QString &part : parts) {
        terms.push_back({part.section(u'\n', 0, 0).split(QStringLiteral(", ")), part.section(u'\n', 1).simplified()});
    }
    return terms;
}

bool isWordCharacter(QChar c) {
    return c.isLetterOrNumber();
}

/// Where `name` stands in `text` as a whole word, an s at its end allowed; −1 where it does not.
qsizetype wordAt(const QString &text, const QString &name) {
    for (qsizetype at = text.indexOf(name, 0, Qt::CaseInsensitive); at >= 0;
         at = text.indexOf(name, at + 1, Qt::CaseInsensitive)) {
        qsizetype end = at + name.size();
        if (end < text.size() && text[end] == u's')
            ++end;
        if ((at == 0 || !isWordCharacter(text[at - 1])) && (end >= text.size() || !isWordCharacter(text[end])))
            return at;
    }
    return -1;
}

} // namespace

const std::vector<GlossaryTerm> &glossary() {
    static const std::vector<GlossaryTerm> terms = read();
    return terms;
}

std::vector<GlossaryTerm> termsIn(const QString &text) {
    struct Found {
        qsizetype at, length;
        const GlossaryTerm *term;
    };
    std::vector<Found> all;
    for (const GlossaryTerm &term : glossary())
        for (const QString &name : term.names)
            if (const qsizetype at = wordAt(text, name); at >= 0)
                all.push_back({at, name.size(), &term});
    std::sort(all.begin(), all.end(),
              [](const Found &a, const Found &b) { return a.length != b.length ? a.length > b.length : a.at < b.at; });
    std::vector<Found> kept;
    for (const Found &each : all) {
        const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const Found &other) {
            return other.term == each.term || (each.at < other.at + other.length && other.at < each.at + each.length);
        });
        if (!hidden)
            kept.push_back(each);
    }
    std::sort(kept.begin(), kept.end(), [](const Found &a, const Found &b) { return a.at < b.at; });
    std::vector<GlossaryTerm> terms;
    for (const Found &each : kept)
        terms.push_back(*each.term);
    return terms;
}

} // namespace tt
