#include "ui/features/across_stories.h"

#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/prompt/scale_legend.h"
#include "ui/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QShortcut>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {
constexpr int sidePadding = 16;

/// A token's text in a paragraph; breaks of line are drawn as a sign and break it.
QString inParagraph(const std::string &token) {
    QString text = QString::fromStdString(token);
    text.replace(u'\n', u'↵');
    text.replace(u'\t', u'⇥');
    return text;
}

/// Where each token of a story stands in a column of `width`: lines are broken between tokens.
std::vector<QRect> flow(const TokenStretch &story, int width, int *height) {
    const QFontMetrics metrics(tt::font(TextRole::Mono));
    const int line = metrics.height() + scaled(8);
    std::vector<QRect> cells;
    int x = 0, y = 0;
    for (const std::string &token : story.tokens) {
        const int advance = metrics.horizontalAdvance(inParagraph(token));
        if (x > 0 && x + advance > width) {
            x = 0;
            y += line;
        }
        cells.emplace_back(x, y, advance, line);
        x += advance;
    }
    *height = y + line;
    return cells;
}

class StoryDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        const auto *model = static_cast<const StoriesModel *>(index.model());
        const TokenStretch &story = model->story(index.row());
        const QRect room = inner(option.rect);
        int height = 0;
        const std::vector<QRect> cells = flow(story, room.width(), &height);
        painter->save();
        painter->fillRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1, theme().innerLine);
        painter->setFont(tt::font(TextRole::Mono));
        for (size_t i = 0; i < cells.size(); ++i) {
            const QRect cell = cells[i].translated(room.topLeft());
            const float activation = story.activations[i];
            const QColor fill = activationColour(
                model->maximum() > 0 ? std::min(1.0, static_cast<double>(activation / model->maximum())) : 0);
            const QString text = inParagraph(story.tokens[i]);
            if (activation > 0)
                painter->fillRect(cell.adjusted(0, 2, 0, -2), fill);
            painter->setPen(activation > 0 ? textOn(fill) : text == u"↵" ? theme().tertiaryInk : theme().ink);
            painter->drawText(cell.adjusted(0, 0, 2, 0), Qt::AlignLeft | Qt::AlignVCenter, text);
            if (model->marked() == std::pair(index.row(), static_cast<int>(i))) {
                painter->setPen(QPen(theme().ink, 2));
                painter->drawRect(cell.adjusted(0, 2, -1, -3));
            }
        }
        painter->restore();
    }
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override {
        const auto *view = qobject_cast<const QListView *>(option.widget);
        const int width = view ? view->viewport()->width() : option.rect.width();
        int height = 0;
        flow(static_cast<const StoriesModel *>(index.model())->story(index.row()), inner(QRect(0, 0, width, 0)).width(),
             &height);
        return {width, height + scaled(16)};
    }

private:
    /// No wider than lines that are read without losing one's place.
    static QRect inner(const QRect &row) {
        constexpr int mostLetters = 140;
        QRect room = row.adjusted(scaled(sidePadding), scaled(8), -scaled(sidePadding), -scaled(8));
        const int widest = mostLetters * QFontMetrics(tt::font(TextRole::Mono)).horizontalAdvance(u'0');
        room.setWidth(std::min(room.width(), widest));
        return room;
    }
};
} // namespace

void StoriesModel::setStories(std::vector<TokenStretch> stories, float maximum) {
    beginResetModel();
    stories_ = std::move(stories);
    maximum_ = maximum;
    marked_ = {-1, -1};
    endResetModel();
}

void StoriesModel::mark(int row, int token) {
    const std::pair before = marked_;
    marked_ = {row, token};
    for (const int changed : {before.first, row})
        if (changed >= 0 && changed < rowCount())
            Q_EMIT dataChanged(index(changed), index(changed));
}

int StoriesModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(stories_.size());
}

QVariant StoriesModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::AccessibleTextRole))
        return {};
    const TokenStretch &shown = story(index.row());
    QString text;
    for (size_t i = 0; i < shown.tokens.size(); ++i) {
        const QString token = QString::fromStdString(shown.tokens[i]);
        text += static_cast<int>(i) == marked_.second && index.row() == marked_.first
                    ? QStringLiteral("[%1]").arg(token)
                    : token;
    }
    return text;
}

AcrossStories::AcrossStories(QWidget *parent)
    : QWidget(parent), model_(new StoriesModel(this)), view_(new QListView(this)), pages_(new QStackedWidget(this)),
      nothing_(new EmptyState(this)), title_(new QLabel(this)), place_(new QLabel(this)),
      legend_(new ScaleLegend(this)) {
    setGround(this, &Theme::panel);
    auto *bar = new QHBoxLayout;
    fillBar(bar);
    view_->setAccessibleName(tr("Whole stories"));
    view_->setModel(model_);
    view_->setItemDelegate(new StoryDelegate(view_));
    view_->setFrameShape(QFrame::NoFrame);
    view_->setVerticalScrollMode(QListView::ScrollPerPixel);
    view_->setResizeMode(QListView::Adjust);
    view_->setSelectionMode(QListView::NoSelection);
    view_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    view_->setVerticalScrollBarPolicy(
        Qt::ScrollBarAlwaysOn); // one that appears later leaves rows too low for their lines
    pages_->addWidget(nothing_);
    pages_->addWidget(view_);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(horizontalLine(this));
    layout->addWidget(pages_, 1);
    connect(nothing_, &EmptyState::primaryRequested, this, &AcrossStories::indexRequested);
    setNothing(tr("No feature chosen"), tr("Choose one above to see where it fires in whole stories."));
}

void AcrossStories::fillBar(QHBoxLayout *bar) {
    bar->setContentsMargins(scaled(16), scaled(6), scaled(16), scaled(6));
    bar->setSpacing(scaled(8));
    const auto box = [&](const QString &word, const QString &name, const QString &tip) {
        auto *made = new QSpinBox(this);
        made->setAccessibleName(name);
        made->setToolTip(tip);
        made->setKeyboardTracking(false);
        setTextRole(made, TextRole::Mono);
        auto *label = new QLabel(word, this);
        setInk(label, Ink::Secondary);
        label->setBuddy(made);
        bar->addWidget(label);
        bar->addWidget(made);
        connect(made, &QSpinBox::valueChanged, this,
                [this] { Q_EMIT featureChosen(layerBox_->value(), featureBox_->value()); });
        return made;
    };
    layerBox_ = box(tr("Layer"), tr("Layer in stories"), tr("The layer of the feature to read, from 0"));
    featureBox_ = box(tr("Feature"), tr("Feature in stories"), tr("The feature to read, from 0"));
    const auto button = [&](const QString &picture, const QString &name, const QString &key, int step) {
        auto *made = new QToolButton(this);
        made->setIcon(icon(picture));
        made->setAutoRaise(true);
        made->setAccessibleName(name);
        made->setToolTip(name + u'\n' + key);
        connect(made, &QToolButton::clicked, this, [this, step] { jump(step); });
        connect(new QShortcut(QKeySequence(key), this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut),
                &QShortcut::activated, this, [this, step] { jump(step); });
        return made;
    };
    previous_ = button(QStringLiteral("chevron-up"), tr("Previous peak"), QStringLiteral("P"), -1);
    next_ = button(QStringLiteral("chevron-down"), tr("Next peak"), QStringLiteral("N"), 1);
    setTextRole(title_, TextRole::SectionTitle);
    title_->setTextFormat(Qt::PlainText);
    setInk(place_, Ink::Secondary);
    bar->addSpacing(scaled(8));
    bar->addWidget(title_);
    bar->addStretch(1);
    bar->addWidget(legend_);
    bar->addSpacing(scaled(8));
    bar->addWidget(place_);
    bar->addWidget(previous_);
    bar->addWidget(next_);
}

void AcrossStories::setRange(int layers, int features) {
    const QSignalBlocker blockLayer(layerBox_), blockFeature(featureBox_);
    layerBox_->setMaximum(std::max(0, layers - 1));
    featureBox_->setMaximum(std::max(0, features - 1));
}

void AcrossStories::setFeature(int layer, int feature) {
    const QSignalBlocker blockLayer(layerBox_), blockFeature(featureBox_);
    layerBox_->setValue(layer);
    featureBox_->setValue(feature);
}

void AcrossStories::setNothing(const QString &heading, const QString &sentence, bool offerIndex) {
    nothing_->setContent(QStringLiteral("features"), heading, sentence,
                         offerIndex ? tr("Index the corpus for stories") : QString());
    pages_->setCurrentWidget(nothing_);
    title_->setText(QString());
    legend_->hide();
    model_->setStories({}, 0);
    peaks_.clear();
    show(-1);
}

void AcrossStories::setStories(int layer, int feature, const QString &label, std::vector<TokenStretch> stories,
                               float maximum, qint64 offset) {
    setFeature(layer, feature);
    title_->setText(label);
    legend_->setScale(maximum, featureName(layer, feature));
    legend_->show();
    pages_->setCurrentWidget(view_);
    peaks_.clear();
    int chosen = -1;
    for (size_t row = 0; row < stories.size(); ++row) {
        const std::vector<float> &a = stories[row].activations;
        for (size_t i = 0; i < a.size(); ++i) {
            const bool wanted = stories[row].offset + static_cast<int64_t>(i) == offset;
            const bool peak = a[i] > 0 && (i == 0 || a[i] > a[i - 1]) && (i + 1 == a.size() || a[i] >= a[i + 1]);
            if (!peak && !wanted)
                continue;
            if (wanted)
                chosen = static_cast<int>(peaks_.size());
            peaks_.push_back({static_cast<int>(row), static_cast<int>(i), a[i]});
        }
    }
    model_->setStories(std::move(stories), maximum);
    show(chosen >= 0 ? chosen : peaks_.empty() ? -1 : 0);
}

void AcrossStories::show(int peak) {
    peak_ = peak;
    previous_->setEnabled(peak > 0);
    next_->setEnabled(peak + 1 < std::ssize(peaks_));
    if (peak < 0) {
        place_->setText(QString());
        model_->mark(-1, -1);
        return;
    }
    const Peak &at = peaks_[static_cast<size_t>(peak)];
    place_->setText(tr("peak %1 of %2, activation %3")
                        .arg(peak + 1)
                        .arg(peaks_.size())
                        .arg(figure(static_cast<double>(at.activation))));
    model_->mark(at.row, at.token);
    view_->scrollTo(model_->index(at.row), QListView::PositionAtTop);
}

void AcrossStories::jump(int step) {
    const int to = peak_ + step;
    if (to >= 0 && to < std::ssize(peaks_))
        show(to);
}

} // namespace tt
