type Table = Readonly<Record<string, string>>;

/** Alarms by the code that the engine gives; its own English sentence is shown where a language has none. */
// prettier-ignore
export const ALARMS: { readonly 'zh-Hans': Table; readonly 'zh-Hant': Table } = {
  'zh-Hans': {
    unknown_funding_spend: '有一条通道在链上以钱包不认识的方式被花费。没有执行任何操作。请让钱包保持运行并寻求帮助。',
    future_commitment: '对方广播了比这个钱包所知更新的通道状态：这份数据是旧的。属于你的部分正在取回。',
    revoked_commitment: '对方广播了通道的旧状态。作为惩罚，你的钱包正在取走其中的一切，归你所有。请让钱包保持运行。',
    short_of_coins: '有一条通道必须在链上关闭，但钱包缺少支付费用的资金。请立即向此钱包的地址转入一些。',
    funding_mismatch: '本应为通道注资的交易与约定不符。该通道不会被使用。',
    peer_lost_data: '对方丢失了数据。该通道不能再使用；对方一旦请求，你的钱包就以最新状态关闭它。',
    we_lost_data: '这份钱包副本比对方所知的旧。没有广播该通道的状态；已请求对方关闭，你的余额会回来。',
    deep_reorg: '区块链发生了比预期更深的重组。请让钱包保持运行。',
    part_vanished: '一笔付款的一部分没有得到回应就结束了。再次付款前请先询问收款人。',
    settled_htlc_lost: '你已接受的一笔付款在链上被收回。',
    disk_full: '磁盘已满。为保护资金，通道已冻结。请释放空间后重新启动。',
  },
  'zh-Hant': {
    unknown_funding_spend: '有一條通道在鏈上以錢包不認識的方式被花費。沒有執行任何操作。請讓錢包繼續執行並尋求協助。',
    future_commitment: '對方廣播了比這個錢包所知更新的通道狀態：這份資料是舊的。屬於你的部分正在取回。',
    revoked_commitment: '對方廣播了通道的舊狀態。作為懲罰，你的錢包正在取走其中的一切，歸你所有。請讓錢包繼續執行。',
    short_of_coins: '有一條通道必須在鏈上關閉，但錢包缺少支付費用的資金。請立即向此錢包的地址轉入一些。',
    funding_mismatch: '本應為通道注資的交易與約定不符。該通道不會被使用。',
    peer_lost_data: '對方遺失了資料。該通道不能再使用；對方一旦請求，你的錢包就以最新狀態關閉它。',
    we_lost_data: '這份錢包副本比對方所知的舊。沒有廣播該通道的狀態；已請求對方關閉，你的餘額會回來。',
    deep_reorg: '區塊鏈發生了比預期更深的重組。請讓錢包繼續執行。',
    part_vanished: '一筆付款的一部分沒有得到回應就結束了。再次付款前請先詢問收款人。',
    settled_htlc_lost: '你已接受的一筆付款在鏈上被收回。',
    disk_full: '磁碟已滿。為保護資金，通道已凍結。請釋放空間後重新啟動。',
  },
};
