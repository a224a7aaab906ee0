#pragma once

#include <QString>
#include <QStringList>

#include <vector>

namespace tt {

/// A word of the field and what it means, from the manual's page "glossary".
struct GlossaryTerm {
    QStringList names; ///< the first is the heading's own; the others mean the same
    QString meaning;   ///< a sentence or two
};
const std::vector<GlossaryTerm> &glossary();

/// Terms whose names stand in a text as whole words, whatever their case, in the order in which they appear; of names
/// that overlap the longer counts.
std::vector<GlossaryTerm> termsIn(const QString &text);

} // namespace tt
