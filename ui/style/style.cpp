#include "ui/style/style.h"

#include "ui/style/style_painting.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QHeaderView>
#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>
#include <QToolButton>

#include <algorithm>

namespace tt {
namespace {

/// The line edit inside a spin box or combo box, whose outer widget paints the field.
bool isInnerEdit(const QWidget *widget) {
    const QWidget *parent = widget ? widget->parentWidget() : nullptr;
    return qobject_cast<const QAbstractSpinBox *>(parent) || qobject_cast<const QComboBox *>(parent);
}

/// Controls are 28 design pixels high, or as high as their text needs.
int controlHeight(const QStyleOption *option, int designHeight) {
    return std::max(scaled(designHeight), option->fontMetrics.height() + 8);
}

/// Where a header's words stand. Qt takes its margin off all four sides, which would cut them above and below.
QRect headerWords(const QStyleOptionHeader &header, int margin, int edge) {
    using Section = QStyleOptionHeader;
    const bool only = header.position == Section::OnlyOneSection;
    const int left = only || header.position == Section::Beginning ? edge - margin : 0;
    const int right = only || header.position == Section::End ? edge - margin : 0;
    return header.rect.adjusted(std::max(0, left), -margin, -std::max(0, right), margin);
}

} // namespace

Style::Style() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

void Style::polish(QWidget *widget) {
    QProxyStyle::polish(widget);
    if (auto *header = qobject_cast<QHeaderView *>(widget)) {
        header->setHighlightSections(false);
        setTextRole(header, TextRole::Secondary);
        setInk(header, Ink::Secondary);
    }
    if (qobject_cast<QComboBox *>(widget) || qobject_cast<QAbstractSpinBox *>(widget))
        widget->setAttribute(Qt::WA_Hover);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption *option, QPainter *painter,
                          const QWidget *widget) const {
    switch (element) {
    case PE_PanelButtonCommand:
        return painting::pushButton(*painter, *option, widget);
    case PE_PanelButtonTool:
        return painting::toolButtonPanel(*painter, *option);
    case PE_IndicatorCheckBox:
        return painting::checkBox(*painter, *option);
    case PE_IndicatorItemViewItemCheck:
        return painting::checkBox(*painter, *option);
    case PE_PanelLineEdit: {
        const auto *frame = qstyleoption_cast<const QStyleOptionFrame *>(option);
        if (frame && frame->lineWidth > 0 && !isInnerEdit(widget))
            painting::field(*painter, *option, widget);
        return;
    }
    case PE_FrameLineEdit:
    case PE_FrameStatusBarItem:
        return;
    case PE_FrameTabBarBase:
        painter->fillRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1, theme().line);
        return;
    case PE_FrameTabWidget:
        painter->fillRect(option->rect.left(), option->rect.top(), option->rect.width(), 1, theme().line);
        return;
    case PE_FrameFocusRect:
        if (const auto *tool = qobject_cast<const QToolButton *>(widget)) {
            if (tool->autoRaise()) // it has no panel that would paint the ring
                painting::focusRing(*painter, widget->rect());
            return;
        }
        // Rows show where one is by their ground; buttons and fields paint their own ring.
        if (!qobject_cast<const QAbstractItemView *>(widget) && !qobject_cast<const QComboBox *>(widget) &&
            !(widget && (widget->inherits("QPushButton") || widget->inherits("QTabBar"))))
            painting::focusRing(*painter, option->rect);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void Style::drawControl(ControlElement element, const QStyleOption *option, QPainter *painter,
                        const QWidget *widget) const {
    switch (element) {
    case CE_PushButtonLabel: {
        if (const auto *button = qstyleoption_cast<const QStyleOptionButton *>(option); button && isPrimary(widget)) {
            QStyleOptionButton filled = *button;
            filled.palette.setColor(QPalette::Active, QPalette::ButtonText, theme().accentText);
            filled.palette.setColor(QPalette::Inactive, QPalette::ButtonText, theme().accentText);
            QFont bold = painter->font();
            bold.setWeight(QFont::DemiBold);
            painter->setFont(bold);
            return QProxyStyle::drawControl(element, &filled, painter, widget);
        }
        break;
    }
    case CE_ProgressBarGroove:
        return painting::progressGroove(*painter, option->rect);
    case CE_ProgressBarContents:
        if (const auto *bar = qstyleoption_cast<const QStyleOptionProgressBar *>(option))
            painting::progressContents(*painter, *bar);
        return;
    case CE_ProgressBarLabel:
        return; // figures stand beside the bar
    case CE_HeaderLabel:
        if (const auto *header = qstyleoption_cast<const QStyleOptionHeader *>(option)) {
            QStyleOptionHeader label = *header;
            label.rect = headerWords(*header, pixelMetric(PM_HeaderMargin, option, widget), cellEdge(widget));
            return QProxyStyle::drawControl(element, &label, painter, widget);
        }
        break;
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        return painting::headerSection(*painter, *option);
    case CE_TabBarTabShape:
        return painting::tab(*painter, *option);
    case CE_TabBarTabLabel:
        if (option->state.testFlag(State_Selected)) {
            QFont bold = painter->font();
            bold.setWeight(QFont::DemiBold);
            painter->setFont(bold);
        }
        break;
    case CE_Splitter:
        painter->fillRect(option->rect, theme().line);
        return;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComboBox(const QStyleOptionComboBox &option, QPainter &painter, const QWidget *widget) const {
    painting::field(painter, option, widget);
    painting::chevron(painter, subControlRect(CC_ComboBox, &option, SC_ComboBoxArrow, widget),
                      option.state.testFlag(State_Enabled));
}

void Style::drawSpinBox(const QStyleOptionSpinBox &option, QPainter &painter, const QWidget *widget) const {
    if (option.frame)
        painting::field(painter, option, widget);
    if (option.buttonSymbols == QAbstractSpinBox::NoButtons)
        return;
    const bool enabled = option.state.testFlag(State_Enabled);
    painting::spinArrow(painter, subControlRect(CC_SpinBox, &option, SC_SpinBoxUp, widget), true,
                        enabled && option.stepEnabled.testFlag(QAbstractSpinBox::StepUpEnabled));
    painting::spinArrow(painter, subControlRect(CC_SpinBox, &option, SC_SpinBoxDown, widget), false,
                        enabled && option.stepEnabled.testFlag(QAbstractSpinBox::StepDownEnabled));
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex *option, QPainter *painter,
                               const QWidget *widget) const {
    if (const auto *combo = qstyleoption_cast<const QStyleOptionComboBox *>(option); combo && control == CC_ComboBox)
        return drawComboBox(*combo, *painter, widget);
    if (const auto *spin = qstyleoption_cast<const QStyleOptionSpinBox *>(option); spin && control == CC_SpinBox)
        return drawSpinBox(*spin, *painter, widget);
    const auto *range = qstyleoption_cast<const QStyleOptionSlider *>(option);
    if (range && control == CC_Slider && range->orientation == Qt::Horizontal)
        return painting::slider(*painter, *range, subControlRect(CC_Slider, option, SC_SliderHandle, widget));
    if (range && control == CC_ScrollBar)
        return painting::scrollBar(*painter, *range, subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, widget));
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex *option, SubControl part,
                            const QWidget *widget) const {
    const auto *range = qstyleoption_cast<const QStyleOptionSlider *>(option);
    if (control != CC_ScrollBar || !range) {
        const QRect rect = QProxyStyle::subControlRect(control, option, part, widget);
        return part == SC_ComboBoxEditField && control == CC_ComboBox ? rect.adjusted(scaled(4), 0, 0, 0) : rect;
    }
    if (part == SC_ScrollBarAddLine || part == SC_ScrollBarSubLine) // no arrow buttons
        return {};
    const bool horizontal = range->orientation == Qt::Horizontal;
    const int length = horizontal ? range->rect.width() : range->rect.height();
    const double all = range->maximum - range->minimum + range->pageStep;
    const int thumb = std::clamp(all > 0 ? static_cast<int>(length * (range->pageStep / all)) : length,
                                 std::min(scaled(24), length), length);
    const int start = sliderPositionFromValue(range->minimum, range->maximum, range->sliderPosition, length - thumb,
                                              range->upsideDown);
    int from = 0, to = length;
    if (part == SC_ScrollBarSlider)
        from = start, to = start + thumb;
    else if (part == SC_ScrollBarSubPage)
        to = start;
    else if (part == SC_ScrollBarAddPage)
        from = start + thumb;
    const QRect result =
        horizontal ? QRect(from, 0, to - from, range->rect.height()) : QRect(0, from, range->rect.width(), to - from);
    return visualRect(range->direction, range->rect, result.translated(range->rect.topLeft()));
}

QRect Style::subElementRect(SubElement element, const QStyleOption *option, const QWidget *widget) const {
    const QRect rect = QProxyStyle::subElementRect(element, option, widget);
    if (element == SE_LineEditContents) // 8 from the border to the text; the edit adds 2 of its own
        return rect.adjusted(scaled(isInnerEdit(widget) ? 3 : 5), 0, isInnerEdit(widget) ? 0 : -scaled(5), 0);
    return rect;
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption *option, const QSize &size,
                              const QWidget *widget) const {
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        if (isLink(widget))
            return {size.width() + scaled(4), std::max(scaled(20), option->fontMetrics.height() + 4)};
        result.setWidth(std::max(size.width() + 2 * scaled(12), scaled(48)));
        result.setHeight(controlHeight(option, 28));
        break;
    case CT_LineEdit:
    case CT_SpinBox:
    case CT_ComboBox:
        result.setHeight(controlHeight(option, 28));
        break;
    case CT_TabBarTab:
        result = QSize(size.width() + scaled(8), std::max(scaled(32), option->fontMetrics.height() + 12));
        break;
    case CT_MenuBarItem:
        result = QSize(size.width() + scaled(16), std::max(scaled(27), option->fontMetrics.height() + 8));
        break;
    case CT_HeaderSection:
        result.setHeight(controlHeight(option, 24));
        break;
    default:
        break;
    }
    return result;
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption *option, const QWidget *widget) const {
    switch (metric) {
    case PM_SplitterWidth:
        return 1;
    case PM_ScrollBarExtent:
        return scaled(12);
    case PM_SliderThickness:
    case PM_SliderLength:
        return scaled(16);
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
        return scaled(16);
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_TabBarTabHSpace:
        return scaled(isDense(widget) ? 6 : 16);
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
        return scaled(16);
    case PM_HeaderMargin:
    case PM_MenuBarHMargin:
        return scaled(8);
    case PM_FocusFrameHMargin:
        return scaled(7); // a cell adds 1: its text stands under its header
    case PM_MenuBarItemSpacing:
        return 0;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget,
                     QStyleHintReturn *result) const {
    switch (hint) {
    case SH_EtchDisabledText:
    case SH_UnderlineShortcut:
        return 0;
    case SH_Slider_AbsoluteSetButtons:
        return Qt::LeftButton; // a click on the groove goes there
    case SH_Header_ArrowAlignment:
        return Qt::AlignRight | Qt::AlignVCenter;
    default:
        return QProxyStyle::styleHint(hint, option, widget, result);
    }
}

} // namespace tt
