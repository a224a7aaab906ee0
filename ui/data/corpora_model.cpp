#include "ui/data/corpora_model.h"

#include "ui/figures/words.h"
#include "ui/theme.h"

#include <algorithm>

namespace tt {
namespace {

/// What every cell shows besides its text: figures in mono at the right, words in their ink.
QVariant cell(const QString &text, bool figures, bool secondary, int role) {
    switch (role) {
    case Qt::DisplayRole:
        return text;
    case Qt::FontRole:
        return figures ? QVariant(font(TextRole::Mono)) : QVariant();
    case Qt::ForegroundRole:
        return secondary ? QVariant(theme().secondaryInk) : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant((figures ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default:
        return {};
    }
}

QVariant headerCell(const QString &text, bool figures, int role) {
    if (role == Qt::DisplayRole)
        return text;
    if (role == Qt::TextAlignmentRole)
        return QVariant((figures ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    return {};
}

QString details(const CorpusInfo &corpus) {
    QString text = CorporaModel::tr("%1: %2 stories, %3 bytes")
                       .arg(QString::fromStdString(corpus.name), count(corpus.stories), count(corpus.bytes));
    if (corpus.source == "generated")
        text += CorporaModel::tr("\ngenerated with seed %1").arg(corpus.seed);
    for (const std::string &remark : remarks(corpus))
        text += u'\n' + QString::fromStdString(remark);
    return text;
}

} // namespace

QString bytesText(int64_t bytes) {
    if (bytes < 1000)
        return QStringLiteral("%1 B").arg(bytes);
    double value = static_cast<double>(bytes);
    for (const char *unit : {"kB", "MB", "GB"}) {
        value /= 1000;
        if (value < 999.95 || unit[0] == 'G')
            return QStringLiteral("%1 %2").arg(value, 0, 'f', 1).arg(QLatin1String(unit));
    }
    return {};
}

void CorporaModel::setCorpora(const std::vector<CorpusInfo> &corpora) {
    if (corpora == corpora_)
        return;
    beginResetModel();
    corpora_ = corpora;
    endResetModel();
}

int CorporaModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(corpora_.size());
}
int CorporaModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant CorporaModel::data(const QModelIndex &index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const CorpusInfo &row = corpus(index.row());
    if (role == Qt::ToolTipRole)
        return plainToolTip(details(row));
    switch (index.column()) {
    case Name:
        return cell(QString::fromStdString(row.name), false, false, role);
    case Source:
        return cell(QString::fromStdString(row.source), false, true, role);
    case Stories:
        return cell(count(row.stories), true, false, role);
    case Size:
        return cell(bytesText(row.bytes), true, false, role);
    default:
        return {};
    }
}

QVariant CorporaModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    switch (section) {
    case Name:
        return headerCell(tr("corpus"), false, role);
    case Source:
        return headerCell(tr("source"), false, role);
    case Stories:
        return headerCell(tr("stories"), true, role);
    case Size:
        return headerCell(tr("size"), true, role);
    default:
        return {};
    }
}

int CorporaModel::find(const QString &name) const {
    const auto found =
        std::find_if(corpora_.begin(), corpora_.end(),
                     [wanted = name.toStdString()](const auto &corpus) { return corpus.name == wanted; });
    return found == corpora_.end() ? -1 : static_cast<int>(found - corpora_.begin());
}

} // namespace tt
