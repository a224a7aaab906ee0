#include "ui/features/feature_delegates.h"

#include "ui/features/active_features_model.h"
#include "ui/features/overview_model.h"
#include "ui/figures/plain_header.h"
#include "ui/theme.h"

#include <QPainter>

#include <algorithm>

namespace tt {

namespace {

int rowHeight(TextRole role, int design) {
    return std::max(scaled(design), QFontMetrics(font(role)).height() + scaled(8));
}

void paintGround(QPainter &painter, const QStyleOptionViewItem &option) {
    if (option.state & QStyle::State_Selected)
        painter.fillRect(option.rect, theme().selected);
    else if (option.state & QStyle::State_MouseOver)
        painter.fillRect(option.rect, theme().hover);
}

void write(QPainter &painter, const QRect &room, TextRole role, const QColor &ink, const QString &text,
           Qt::Alignment side = Qt::AlignLeft) {
    painter.setFont(font(role));
    painter.setPen(ink);
    painter.drawText(room, static_cast<int>(side | Qt::AlignVCenter),
                     painter.fontMetrics().elidedText(text, Qt::ElideRight, room.width()));
}

void paintGroup(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index) {
    painter.fillRect(option.rect, theme().alternate);
    // The row is one cell across all columns.
    if (index.column() == 0) {
        write(painter, option.rect.adjusted(scaled(4), 0, 0, 0), TextRole::SectionTitle, theme().ink,
              index.data().toString());
        write(painter, option.rect.adjusted(0, 0, -scaled(PlainHeader::sidePadding), 0), TextRole::Secondary,
              theme().secondaryInk, index.data(ActiveFeaturesModel::NoteRole).toString(), Qt::AlignRight);
    }
}

void paintFeature(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index) {
    const QString text = index.data().toString();
    const QRect room = option.rect.adjusted(scaled(4), 0, -scaled(4), 0);
    switch (index.column()) {
    case ActiveFeaturesModel::ActivationColumn: {
        const int figures = QFontMetrics(font(TextRole::Mono)).horizontalAdvance(QStringLiteral("000.00"));
        const int gap = scaled(12);
        paintActivationBar(painter, room.adjusted(0, 0, -figures - gap, 0),
                           index.data(ActiveFeaturesModel::ShareRole).toDouble());
        write(painter, room.adjusted(0, 0, -gap, 0), TextRole::Mono, theme().ink, text, Qt::AlignRight);
        break;
    }
    case ActiveFeaturesModel::LabelColumn:
        write(painter, room, TextRole::Body,
              index.data(ActiveFeaturesModel::LabelledRole).toBool() ? theme().ink : theme().secondaryInk, text);
        break;
    case ActiveFeaturesModel::PromotesColumn:
        paintToken(painter, room, text, theme().ink);
        break;
    case ActiveFeaturesModel::DensityColumn:
        write(painter, option.rect.adjusted(0, 0, -scaled(PlainHeader::sidePadding), 0), TextRole::Mono,
              theme().secondaryInk, text, Qt::AlignRight);
        break;
    default:
        write(painter, room, TextRole::Mono, theme().ink, text);
    }
}

} // namespace

void paintToken(QPainter &painter, const QRect &room, const QString &shownToken, const QColor &ink) {
    painter.setFont(font(TextRole::Mono));
    const QFontMetrics metrics = painter.fontMetrics();
    const QString text = metrics.elidedText(shownToken, Qt::ElideRight, room.width());
    QRect rest = room;
    for (qsizetype begin = 0; begin < text.size();) {
        const bool space = text[begin] == QChar(0x2423);
        qsizetype end = begin;
        while (end < text.size() && (text[end] == QChar(0x2423)) == space)
            ++end;
        const QString piece = text.mid(begin, end - begin);
        painter.setPen(space ? theme().tertiaryInk : ink);
        painter.drawText(rest, Qt::AlignLeft | Qt::AlignVCenter, piece);
        rest.setLeft(rest.left() + metrics.horizontalAdvance(piece));
        begin = end;
    }
}

void paintActivationBar(QPainter &painter, const QRect &room, double share) {
    const double height = scaled(10), length = std::max<double>(scaled(3), share * room.width());
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme().bar);
    painter.drawRoundedRect(QRectF(room.left(), room.center().y() + 0.5 - height / 2, length, height), 2, 2);
    painter.restore();
}

void ActiveFeatureDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                                  const QModelIndex &index) const {
    const int kind = index.data(ActiveFeaturesModel::KindRole).toInt();
    painter->save();
    if (kind == ActiveFeaturesModel::GroupRow) {
        paintGroup(*painter, option, index);
    } else {
        paintGround(*painter, option);
        if (kind == ActiveFeaturesModel::FeatureRow)
            paintFeature(*painter, option, index);
        else if (index.column() == 0)
            write(*painter, option.rect.adjusted(scaled(4), 0, 0, 0), TextRole::Body, theme().link,
                  index.data().toString());
    }
    painter->restore();
}

QSize ActiveFeatureDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const {
    return {scaled(40), rowHeight(TextRole::Mono, 24)};
}

void OverviewDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const {
    painter->save();
    paintGround(*painter, option);
    const QString text = index.data().toString();
    const QVariant share = index.data(OverviewModel::ShareRole);
    if (index.column() == 0) {
        write(*painter, option.rect.adjusted(scaled(PlainHeader::sidePadding), 0, 0, 0), TextRole::Mono, theme().ink,
              text);
    } else if (index.column() < OverviewModel::fixedColumns) {
        paintToken(*painter, option.rect.adjusted(scaled(4), 0, -scaled(4), 0), text, theme().secondaryInk);
    } else if (share.isValid()) {
        const QColor fill = activationColour(share.toDouble());
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(fill);
        painter->drawRoundedRect(option.rect.adjusted(1, 2, -1, -2), 2, 2);
        write(*painter, option.rect.adjusted(0, 0, -scaled(6), 0), TextRole::MonoSmall, textOn(fill), text,
              Qt::AlignRight);
    }
    painter->restore();
}

} // namespace tt
