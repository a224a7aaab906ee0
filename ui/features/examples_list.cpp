#include "ui/features/examples_list.h"

#include "ui/features/feature_delegates.h"
#include "ui/figures/words.h"
#include "ui/theme.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>

namespace tt {

namespace {
constexpr int sidePadding = 16;

QString plainText(const ShownExample &example) {
    QString text;
    for (const std::string &token : example.context.tokens)
        text += QString::fromStdString(token);
    return text;
}

/// The peak in brackets, for readers that see no colour.
QString markedText(const ShownExample &example) {
    QString text;
    for (size_t i = 0; i < example.context.tokens.size(); ++i) {
        const QString token = QString::fromStdString(example.context.tokens[i]);
        text += static_cast<int>(i) == example.peakAt ? QStringLiteral("[%1]").arg(token) : token;
    }
    return text.simplified();
}

/// Words run together as in a text: white space of the line is drawn as such, a line break as its sign.
QString inLine(const std::string &token) {
    QString text = QString::fromStdString(token);
    if (text == QStringLiteral("\n"))
        return QStringLiteral("↵");
    text.replace(u'\n', u'↵');
    text.replace(u'\t', u'⇥');
    return text;
}

class ExampleDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        const auto *model = static_cast<const ExamplesModel *>(index.model());
        const ShownExample *example = model->example(index.row());
        painter->save();
        if (option.state & QStyle::State_Selected)
            painter->fillRect(option.rect, theme().selected);
        else if (example && option.state & QStyle::State_MouseOver)
            painter->fillRect(option.rect, theme().hover);
        QRect room = option.rect.adjusted(scaled(sidePadding), 0, -scaled(8), 0);
        if (!example) {
            painter->setFont(tt::font(TextRole::Secondary));
            painter->setPen(theme().secondaryInk);
            painter->drawText(room, Qt::AlignLeft | Qt::AlignVCenter, index.data().toString());
        } else {
            paintExample(*painter, room, *example, model->maximum());
        }
        painter->restore();
    }
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override {
        return {scaled(80), std::max(scaled(26), QFontMetrics(tt::font(TextRole::Mono)).height() + scaled(10))};
    }

private:
    static void paintExample(QPainter &painter, QRect room, const ShownExample &example, float maximum) {
        const QFontMetrics mono(tt::font(TextRole::Mono));
        painter.setFont(tt::font(TextRole::Mono));
        painter.setPen(theme().secondaryInk);
        const int figures = mono.horizontalAdvance(QStringLiteral("000.00"));
        painter.drawText(QRect(room.left(), room.top(), figures, room.height()), Qt::AlignRight | Qt::AlignVCenter,
                         figure(static_cast<double>(example.peak.activation)));
        room.setLeft(room.left() + figures + scaled(12));
        if (example.repeats > 1) {
            const QString times = QStringLiteral("×%1").arg(example.repeats);
            painter.setFont(tt::font(TextRole::MonoSmall));
            painter.drawText(room, Qt::AlignRight | Qt::AlignVCenter, times);
            room.setRight(room.right() - painter.fontMetrics().horizontalAdvance(times) - scaled(8));
        }
        painter.setClipRect(room);
        // The peak stays in view: what is before it is left out from the left while it would not fit.
        const size_t peak = static_cast<size_t>(example.peakAt);
        size_t from = std::min(example.context.tokens.size(), peak + 3); // a little of what follows
        for (int left = room.width(); from > 0; --from) {
            left -= mono.horizontalAdvance(inLine(example.context.tokens[from - 1]));
            if (left < 0)
                break;
        }
        from = std::min(from, peak);
        if (from > 0) {
            painter.setFont(tt::font(TextRole::Mono));
            painter.setPen(theme().tertiaryInk);
            painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("…"));
            room.setLeft(room.left() + mono.horizontalAdvance(u'…'));
        }
        paintTokens(painter, room, example.context, from, maximum, example.peakAt);
    }
};
} // namespace

int paintTokens(QPainter &painter, QRect room, const TokenStretch &stretch, size_t from, float maximum, int marked) {
    const QFont mono = tt::font(TextRole::Mono);
    const QFontMetrics metrics(mono);
    const int height = std::min(room.height() - 2, metrics.height() + scaled(6));
    for (size_t i = from; i < stretch.tokens.size() && room.left() <= room.right(); ++i) {
        const QString text = inLine(stretch.tokens[i]);
        const int width = metrics.horizontalAdvance(text);
        const QRect cell(room.left(), room.center().y() + 1 - height / 2, width, height);
        const float activation = stretch.activations[i];
        const QColor fill =
            activationColour(maximum > 0 ? std::min(1.0, static_cast<double>(activation / maximum)) : 0);
        const bool peak = static_cast<int>(i) == marked;
        if (activation > 0)
            painter.fillRect(cell, fill);
        QFont face = mono;
        face.setBold(peak);
        painter.setFont(face);
        painter.setPen(activation > 0 ? textOn(fill) : text == QStringLiteral("↵") ? theme().tertiaryInk : theme().ink);
        painter.drawText(QRect(cell.left(), cell.top(), width + 2, height), Qt::AlignLeft | Qt::AlignVCenter, text);
        if (peak)
            painter.fillRect(cell.left(), cell.bottom() - 1, width, 2, theme().ink);
        room.setLeft(room.left() + width);
    }
    return room.left();
}

void ExamplesModel::setExamples(const FeatureExamples &examples, float maximum) {
    beginResetModel();
    examples_ = examples;
    maximum_ = maximum;
    fill();
    endResetModel();
}

void ExamplesModel::setPart(Part part) {
    if (part == part_)
        return;
    beginResetModel();
    part_ = part;
    fill();
    endResetModel();
}

void ExamplesModel::fill() {
    rows_.clear();
    if (part_ != Part::Quantiles)
        for (const ShownExample &example : examples_.top)
            rows_.push_back({{}, &example});
    if (part_ == Part::Top)
        return;
    for (int q = FeatureIndex::quantiles - 1; q >= 0; --q) {
        const auto &tenth = examples_.quantile[static_cast<size_t>(q)];
        if (tenth.empty())
            continue;
        rows_.push_back({q == FeatureIndex::quantiles - 1 ? tr("Samples of the strongest tenth")
                         : q == 0                         ? tr("Samples of the weakest tenth")
                                  : tr("Samples between %1 and %2 % of its activations").arg(q * 10).arg(q * 10 + 10),
                         nullptr});
        for (const ShownExample &example : tenth)
            rows_.push_back({{}, &example});
    }
}

const ShownExample *ExamplesModel::example(int row) const {
    return row < 0 || row >= std::ssize(rows_) ? nullptr : rows_[static_cast<size_t>(row)].example;
}

int ExamplesModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

Qt::ItemFlags ExamplesModel::flags(const QModelIndex &index) const {
    return !index.isValid() || example(index.row()) ? QAbstractListModel::flags(index) : Qt::ItemIsEnabled;
}

QVariant ExamplesModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const Row &row = rows_[static_cast<size_t>(index.row())];
    if (!row.example)
        return role == Qt::DisplayRole || role == Qt::AccessibleTextRole ? QVariant(row.heading)
               : role == IsHeadingRole                                   ? QVariant(true)
                                                                         : QVariant();
    const ShownExample &example = *row.example;
    const QString value = figure(static_cast<double>(example.peak.activation));
    switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
        return tr("%1: %2").arg(value, markedText(example));
    case Qt::ToolTipRole:
        return plainToolTip(
            tr("Activation %1 at token %2 of the corpus%3\nReturn opens the story")
                .arg(value, count(example.peak.offset),
                     example.repeats > 1 ? tr(", the strongest of %1 in this story").arg(example.repeats) : QString()));
    case IsHeadingRole:
        return false;
    case OffsetRole:
        return static_cast<qint64>(example.peak.offset);
    case TextRole:
        return plainText(example);
    default:
        return {};
    }
}

ExamplesView::ExamplesView(QWidget *parent) : QListView(parent), model_(new ExamplesModel(this)) {
    setAccessibleName(tr("Examples"));
    setModel(model_);
    setItemDelegate(new ExampleDelegate(this));
    setFrameShape(NoFrame);
    setUniformItemSizes(true);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(this, &QListView::clicked, this, [this](const QModelIndex &index) {
        if (const ShownExample *example = model_->example(index.row()))
            Q_EMIT storyRequested(example->peak.offset);
    });
}

void ExamplesView::keyPressEvent(QKeyEvent *event) {
    const ShownExample *example = model_->example(currentIndex().row());
    if (example && (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter))
        return Q_EMIT storyRequested(example->peak.offset);
    QListView::keyPressEvent(event);
}

void ExamplesView::contextMenuEvent(QContextMenuEvent *event) {
    const ShownExample *example = model_->example(indexAt(event->pos()).row());
    if (!example)
        return;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Open story"), this, [this, offset = example->peak.offset] { Q_EMIT storyRequested(offset); });
    menu->addAction(tr("Use as prompt"), this, [this, text = plainText(*example)] { Q_EMIT promptRequested(text); });
    menu->popup(event->globalPos());
}

} // namespace tt
